import { CircleCheck } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingsView } from '#ipc/views.ts'
import { formatNumber } from '../i18n/format.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useSetting } from '../state/app.ts'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { TextField } from '../ui/text-field.tsx'
import { useUpdateSettings } from './use-update-settings.ts'
import styles from './network-settings.module.css'

type Proxy = SettingsView['proxy']
const PROXY_URL = /^(http|https|socks5):\/\/\S+$/

/** Which proxy is used; one's own can be tried before it is. */
export function ProxySettings() {
  const { t, i18n } = useTranslation(['settings', 'errors'])
  const proxy = useSetting((settings) => settings.proxy)
  const update = useUpdateSettings()
  const [kind, setKind] = useState(proxy.kind)
  const [url, setUrl] = useState(proxy.kind === 'custom' ? proxy.url : '')
  const [tried, setTried] = useState(false)
  const [latencyMs, setLatencyMs] = useState<number | null>(null)
  const test = useIpcCall('network.testProxy')

  const valid = PROXY_URL.test(url.trim())
  const inUse = proxy.kind === 'custom' && proxy.url === url.trim()

  function chosen(): Proxy | null {
    if (kind !== 'custom') return { kind }
    return valid ? { kind, url: url.trim() } : null
  }

  function changeKind(next: Proxy['kind']): void {
    setKind(next)
    forgetTest()
    if (next !== 'custom') void update({ proxy: { kind: next } })
  }

  function forgetTest(): void {
    setTried(false)
    setLatencyMs(null)
    test.clearError()
  }

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    setTried(true)
    const wanted = chosen()
    if (wanted !== null) await update({ proxy: wanted })
  }

  async function tryOut(): Promise<void> {
    forgetTest()
    setTried(true)
    const wanted = chosen()
    if (wanted === null) return
    const outcome = await test.run({ proxy: wanted })
    if (outcome.ok) setLatencyMs(Math.round(outcome.value.latencyMs))
  }

  return (
    <form className={styles.proxy} onSubmit={(event) => void submit(event)}>
      <Segmented
        label={t('network.proxy')}
        labelHidden
        value={kind}
        segments={[
          { value: 'system', label: t('network.proxyOption.system') },
          { value: 'none', label: t('network.proxyOption.none') },
          { value: 'custom', label: t('network.proxyOption.custom') },
        ]}
        onChange={changeKind}
      />
      {kind === 'custom' && (
        <TextField
          label={t('network.proxyUrl')}
          placeholder={t('network.proxyUrlPlaceholder')}
          value={url}
          onChange={(text) => {
            setUrl(text)
            forgetTest()
          }}
          error={tried && !valid ? t('network.proxyUrlInvalid') : undefined}
          maxLength={500}
          dir="ltr"
          spellCheck={false}
          autoComplete="off"
        />
      )}
      <div className={styles.line}>
        {kind === 'custom' && (
          <Button type="submit" variant="primary" disabled={inUse}>
            {inUse ? t('network.proxyInUse') : t('network.proxyUse')}
          </Button>
        )}
        <Button busy={test.pending} onClick={() => void tryOut()}>
          {test.pending ? t('network.testing') : t('network.test')}
        </Button>
      </div>
      <div role="status">
        {latencyMs !== null && (
          <p className={styles.result} ref={(node) => node?.scrollIntoView({ block: 'nearest' })}>
            <CircleCheck aria-hidden="true" />
            {t('network.testOk', { ms: formatNumber(i18n.language, latencyMs) })}
          </p>
        )}
      </div>
      {test.error !== null && <FormError>{t(`errors:${test.error}`)}</FormError>}
    </form>
  )
}
