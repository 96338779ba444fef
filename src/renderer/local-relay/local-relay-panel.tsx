import { useState } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import type { LocalRelayNetwork, LocalRelayView } from '#ipc/views.ts'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { useLocalRelay } from './use-local-relay.ts'
import styles from './local-relay-panel.module.css'

const NETWORKS = ['this-computer', 'local-network'] as const

interface LocalRelayPanelProps {
  /** It runs: what stands after the `@` in its accounts' addresses. */
  readonly onRunning?: (host: string) => void
}

/** Starts and stops the relay that the app runs itself, and says who can reach it and where. */
export function LocalRelayPanel({ onRunning }: LocalRelayPanelProps) {
  const { t } = useTranslation(['local-relay', 'errors'])
  const { relay, pending, errorCode, start, stop } = useLocalRelay()
  const [chosen, setChosen] = useState<LocalRelayNetwork | null>(null)
  if (relay === null) return null
  const network = chosen ?? relay.network
  const running = relay.state === 'running'

  async function begin(): Promise<void> {
    const host = await start(network)
    if (host !== null) onRunning?.(host)
  }

  return (
    <div className={styles.panel}>
      <Segmented
        label={t('networkLabel')}
        description={t(`networkHint.${network}`)}
        value={network}
        segments={NETWORKS.map((value) => ({ value, label: t(`network.${value}`) }))}
        onChange={setChosen}
      />
      <div role="status" className={styles.state}>
        <State relay={relay} />
      </div>
      <div className={styles.buttons}>
        {(!running || network !== relay.network) && (
          <Button busy={pending} onClick={() => void begin()}>
            {pending ? t('starting') : running ? t('move') : t('start')}
          </Button>
        )}
        {running && (
          <>
            <CopyButton text={relay.host ?? ''} label={t('copy')} copiedLabel={t('copied')} />
            <Button disabled={pending} onClick={() => void stop()}>
              {t('stop')}
            </Button>
          </>
        )}
      </div>
      {errorCode !== null && <FormError>{t(`errors:${errorCode}`)}</FormError>}
    </div>
  )
}

function State({ relay }: { readonly relay: LocalRelayView }) {
  const { t } = useTranslation('local-relay')
  switch (relay.state) {
    case 'off':
      return null
    case 'starting':
      return t('starting')
    case 'failed':
      return t('failed')
    case 'running':
      return (
        <Trans
          t={t}
          i18nKey="running"
          values={{ host: relay.host }}
          components={{ 1: <bdi className={styles.host} /> }}
        />
      )
  }
}
