import { ShieldAlert, ShieldCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { KeyHealthView } from '#ipc/views.ts'
import { formatDate } from '../i18n/format.ts'
import { useIpcValue } from '../ipc/use-ipc-value.ts'
import { Banner } from '../ui/banner.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { Facts, Group } from './group.tsx'
import { Loading } from './loading.tsx'
import styles from './key-health.module.css'

/** What protects the keys on this computer, and the state they are in. */
export function KeyHealth() {
  const { value, error, reload } = useIpcValue('keys.getHealth')
  return value === null ? <Loading error={error} onRetry={reload} /> : <Health health={value} />
}

function Health({ health }: { readonly health: KeyHealthView }) {
  const { t } = useTranslation('settings')
  const fingerprint = health.fingerprint.match(/.{4}/g)?.join(' ') ?? ''
  return (
    <>
      {health.selfTestPassed ? (
        <Banner icon={<ShieldCheck className={styles.good} />} title={t('keys.summaryGood')}>
          {t('keys.never')}
        </Banner>
      ) : (
        <Banner tone="danger" icon={<ShieldAlert />} title={t('keys.summaryBad')}>
          {t('keys.summaryBadText')}
        </Banner>
      )}
      <div className={styles.facts}>
        <HealthFacts health={health} />
      </div>
      <Group title={t('keys.fingerprint')} hint={t('keys.fingerprintHint')}>
        <p className={styles.fingerprint} dir="ltr">
          {fingerprint}
        </p>
        <div>
          <CopyButton size="small" text={fingerprint} label={t('copy')} copiedLabel={t('copied')} />
        </div>
      </Group>
    </>
  )
}

function HealthFacts({ health }: { readonly health: KeyHealthView }) {
  const { t, i18n } = useTranslation('settings')
  const date = (timeMs: number): string => formatDate(i18n.language, timeMs)
  const { signedPrekeyCreatedAtMs: created, nextRotationAtMs: next } = health

  function signedPrekey(): string {
    if (created === null) return t('keys.unknown')
    return next === null
      ? t('keys.signedPrekeyOnly', { created: date(created) })
      : t('keys.signedPrekeyText', { created: date(created), next: date(next) })
  }

  return (
    <Facts
      facts={[
        {
          label: t('keys.protection'),
          value: t(`keys.${health.protection}`, { backend: health.backend }),
        },
        {
          label: t('keys.selfTest'),
          value: health.selfTestPassed ? t('keys.selfTestPassed') : t('keys.selfTestFailed'),
        },
        { label: t('keys.signedPrekey'), value: signedPrekey() },
        {
          label: t('keys.oneTime'),
          value:
            health.oneTimePrekeysLeft === null
              ? t('keys.unknown')
              : t('keys.oneTimeLeft', { count: health.oneTimePrekeysLeft }),
        },
        {
          label: t('keys.postQuantum'),
          value: health.nativeMlKem ? t('keys.nativeMlKem') : t('keys.portableMlKem'),
        },
        { label: t('keys.database'), value: health.databaseCipher },
        { label: t('keys.library'), value: health.cryptoLibrary },
      ]}
    />
  )
}
