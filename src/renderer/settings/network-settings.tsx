import { useTranslation } from 'react-i18next'
import type { ConnectionView } from '#ipc/views.ts'
import { formatListTime, formatRelative } from '../i18n/format.ts'
import { useNow } from '../i18n/use-now.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useAccount, useApp } from '../state/app.ts'
import { Badge } from '../ui/badge.tsx'
import { Button } from '../ui/button.tsx'
import { LocalRelayPanel } from '../local-relay/local-relay-panel.tsx'
import { Facts, Group } from './group.tsx'
import { ProxySettings } from './proxy-settings.tsx'
import styles from './network-settings.module.css'

/** The relay, how it is reached, and by which way. */
export function NetworkSettings() {
  const { t } = useTranslation(['settings', 'local-relay'])
  const connection = useApp((state) => state.connection)
  return (
    <>
      <Group>{connection !== null && <Connection connection={connection} />}</Group>
      <Group title={t('network.proxy')} hint={t('network.proxyHint')}>
        <ProxySettings />
      </Group>
      <Group title={t('local-relay:title')} hint={t('local-relay:hint')}>
        <LocalRelayPanel />
      </Group>
    </>
  )
}

const STATE_TONES = { online: 'success', connecting: 'quiet', offline: 'warning' } as const

function Connection({ connection }: { readonly connection: ConnectionView }) {
  const { t, i18n } = useTranslation(['settings', 'errors'])
  const account = useAccount()
  const now = useNow()
  const reconnect = useIpcCall('network.reconnect')
  const { state, sinceMs, code, retryAtMs, secure, transport, waitingCount } = connection

  function relative(timeMs: number): string {
    return formatRelative(i18n.language, timeMs, now)
  }

  return (
    <>
      <Facts
        facts={[
          {
            label: t('network.relay'),
            value: <bdi>{account?.address.slice(account.address.indexOf('@') + 1)}</bdi>,
          },
          {
            label: t('network.state'),
            value: (
              <span className={styles.state}>
                <Badge tone={STATE_TONES[state]}>{t(`network.${state}`)}</Badge>
                <span>
                  {t('network.since', { time: formatListTime(i18n.language, sinceMs, now) })}
                </span>
                {code !== null && <span>{t(`errors:${code}`)}</span>}
                {retryAtMs !== null && retryAtMs > now && (
                  <span>{t('network.nextTry', { time: relative(retryAtMs) })}</span>
                )}
              </span>
            ),
          },
          {
            label: t('network.security'),
            value: secure ? t('network.secure') : t('network.insecure'),
          },
          {
            label: t('network.transport'),
            value: transport === null ? t('network.none') : t(`network.${transport}`),
          },
          {
            label: t('network.waiting'),
            value:
              waitingCount === 0
                ? t('network.waitingNone')
                : t('network.waitingCount', { count: waitingCount }),
          },
        ]}
      />
      {state !== 'online' && (
        <div className={styles.reconnect}>
          <Button busy={reconnect.pending} onClick={() => void reconnect.run(undefined)}>
            {t('network.reconnect')}
          </Button>
        </div>
      )}
    </>
  )
}
