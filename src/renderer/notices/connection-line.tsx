import { CloudOff, LockOpen } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConnectionView } from '#ipc/views.ts'
import { formatRelative, formatSince } from '../i18n/format.ts'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useApp } from '../state/app.ts'
import { Button } from '../ui/button.tsx'
import { Spinner } from '../ui/spinner.tsx'
import { Tooltip } from '../ui/tooltip.tsx'
import styles from './connection-line.module.css'

const PATIENCE_MS = 2_500

/** A quiet line under the list: only when something is wrong, what it is, and since when. */
export function ConnectionLine() {
  const connection = useApp((state) => state.connection)
  return (
    <div className={styles.place} role="status">
      {connection?.state === 'offline' && <Offline connection={connection} />}
      {connection?.state === 'connecting' && (
        <Connecting key={connection.sinceMs} sinceMs={connection.sinceMs} />
      )}
      {connection?.state === 'online' && !connection.secure && <Insecure />}
    </div>
  )
}

function Offline({ connection }: { readonly connection: ConnectionView }) {
  const { t, i18n } = useTranslation('common')
  const errorText = useErrorText()
  const reconnect = useIpcCall('network.reconnect')
  const nowMs = useSeconds()
  const { code, retryAtMs, sinceMs, waitingCount } = connection
  return (
    <div className={styles.line} data-tone="offline">
      <CloudOff />
      <div className={styles.texts}>
        <p>
          <strong>
            {t('connection.offline', { since: formatSince(i18n.language, sinceMs, nowMs) })}
          </strong>{' '}
          {code !== null && errorText(code)}
        </p>
        {waitingCount > 0 && <p>{t('connection.waiting', { count: waitingCount })}</p>}
        {/* The countdown is for the eye; saying it aloud every second helps nobody. */}
        {retryAtMs !== null && retryAtMs > nowMs && (
          <p aria-hidden="true">
            {t('connection.nextTry', { when: formatRelative(i18n.language, retryAtMs, nowMs) })}
          </p>
        )}
      </div>
      <Button size="small" busy={reconnect.pending} onClick={() => void reconnect.run(undefined)}>
        {t('connection.retryNow')}
      </Button>
    </div>
  )
}

/** Connecting is worth a word only when it takes longer than one waits without wondering. */
function Connecting({ sinceMs }: { readonly sinceMs: number }) {
  const { t } = useTranslation('common')
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), Math.max(0, sinceMs + PATIENCE_MS - Date.now()))
    return () => clearTimeout(timer)
  }, [sinceMs])
  if (!slow) return null
  return (
    <div className={styles.line}>
      <Spinner size="small" />
      {t('connection.connecting')}
    </div>
  )
}

function Insecure() {
  const { t } = useTranslation('common')
  return (
    <Tooltip text={t('connection.insecure')}>
      <button type="button" className={styles.line} data-tone="insecure">
        <LockOpen />
        {t('connection.insecureShort')}
      </button>
    </Tooltip>
  )
}

function useSeconds(): number {
  const [nowMs, setNowMs] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return nowMs
}
