import { CircleAlert, CircleCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Spinner } from '../ui/spinner.tsx'
import type { LiveCheck } from './use-live-check.ts'
import styles from './check-status.module.css'

interface CheckLineProps {
  readonly tone: 'busy' | 'good' | 'note' | 'bad'
  readonly children: ReactNode
}

function CheckLine({ tone, children }: CheckLineProps) {
  return (
    <span className={styles.line} data-tone={tone}>
      {tone === 'busy' && <Spinner size="small" />}
      {tone === 'good' && <CircleCheck aria-hidden="true" />}
      {(tone === 'note' || tone === 'bad') && <CircleAlert aria-hidden="true" />}
      <span>{children}</span>
    </span>
  )
}

/** What is known about the relay that is being typed; what a relay is, while nothing is. */
export function RelayStatus({ check }: { readonly check: LiveCheck<'onboarding.checkRelay'> }) {
  const { t } = useTranslation(['onboarding', 'errors'])
  if (check.state === 'none') return t('account.relayHint')
  if (check.state === 'checking') return <CheckLine tone="busy">{t('relay.checking')}</CheckLine>
  const { outcome } = check
  if (!outcome.ok) {
    const { code } = outcome.error
    const text = code === 'ADDRESS_INVALID' ? t('relay.invalid') : t(`errors:${code}`)
    return <CheckLine tone="bad">{text}</CheckLine>
  }
  const { secure, version } = outcome.value
  return (
    <CheckLine tone={secure ? 'good' : 'note'}>
      {secure ? t('relay.ok') : t('relay.okInsecure')} · {t('relay.version', { version })}
    </CheckLine>
  )
}

/** Whether the name that is being typed is free; what a name may look like, while nothing is known. */
export function NameStatus({ check }: { readonly check: LiveCheck<'onboarding.checkName'> }) {
  const { t } = useTranslation(['onboarding', 'errors'])
  if (check.state === 'none') return t('name.rules')
  if (check.state === 'checking') return <CheckLine tone="busy">{t('name.checking')}</CheckLine>
  const { outcome } = check
  if (!outcome.ok) return <CheckLine tone="bad">{t(`errors:${outcome.error.code}`)}</CheckLine>
  return outcome.value.free ? (
    <CheckLine tone="good">{t('name.free')}</CheckLine>
  ) : (
    <CheckLine tone="bad">{t('name.taken')}</CheckLine>
  )
}
