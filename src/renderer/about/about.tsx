import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AboutView } from '#ipc/views.ts'
import { useIpcValue } from '../ipc/use-ipc-value.ts'
import { Facts, Group } from '../settings/group.tsx'
import { Loading } from '../settings/loading.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Logo } from '../ui/logo.tsx'
import styles from './about.module.css'
import { Licences } from './licences.tsx'

/** Versions, licences and what to add to a report. */
export function About() {
  const { value, error, reload } = useIpcValue('about.get')
  return value === null ? <Loading error={error} onRetry={reload} /> : <Details about={value} />
}

function Details({ about }: { readonly about: AboutView }) {
  const { t } = useTranslation('settings')
  return (
    <>
      <div className={styles.product}>
        <Logo size={56} />
        <div>
          <p className={styles.name}>Sotto</p>
          <p>{t('about.version', { version: about.version })}</p>
          <p className={styles.tagline}>{t('about.tagline')}</p>
        </div>
      </div>
      <Group title={t('about.versions')}>
        <Facts
          facts={[
            { label: 'Electron', value: about.electron },
            { label: 'Chromium', value: about.chromium },
            { label: 'Node', value: about.node },
            { label: t('about.platform'), value: about.platform },
            { label: t('about.profile'), value: about.profile },
            { label: t('about.dataFolder'), value: <code>{about.dataFolder}</code> },
          ]}
        />
      </Group>
      <Group title={t('about.diagnostics')} hint={t('about.diagnosticsHint')}>
        <Diagnostics />
      </Group>
      <Group title={t('about.licences')} hint={t('about.licence')}>
        <Licences licences={about.licences} />
      </Group>
    </>
  )
}

function Diagnostics() {
  const { t } = useTranslation('settings')
  const { value } = useIpcValue('about.getDiagnostics')
  const [shown, setShown] = useState(false)
  if (value === null) return null
  return (
    <>
      <p className={styles.nothingSent}>{t('about.nothingSent')}</p>
      <div className={styles.buttons}>
        <CopyButton text={value} label={t('about.diagnosticsCopy')} copiedLabel={t('copied')} />
        <Button variant="quiet" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {shown ? t('about.diagnosticsHide') : t('about.diagnosticsShow')}
        </Button>
      </div>
      {shown && (
        <textarea
          className={styles.diagnostics}
          readOnly
          rows={10}
          value={value}
          aria-label={t('about.diagnosticsText')}
          dir="ltr"
        />
      )}
    </>
  )
}
