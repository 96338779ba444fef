import { ShieldAlert } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { ErrorCode } from '#shared/errors.ts'
import { call } from '../ipc/bridge.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { LockedPage } from './locked-page.tsx'
import styles from './locked.module.css'

/** What the failure is about, for the title. */
function subjectOf(code: ErrorCode): 'keychain' | 'store' | 'inUse' | 'other' {
  if (code === 'PROFILE_IN_USE') return 'inUse'
  if (code.startsWith('STORE_')) return 'store'
  return code.startsWith('KEYCHAIN_') || code.startsWith('VAULT_') ? 'keychain' : 'other'
}

/** The profile cannot be opened: why, what was not lost, and what can be done. */
export function Failed({ code }: { readonly code: ErrorCode }) {
  const { t } = useTranslation(['onboarding', 'errors'])
  const retry = useIpcCall('app.retry')

  async function readDiagnostics(): Promise<string | null> {
    const outcome = await call('about.getDiagnostics', undefined)
    return outcome.ok ? outcome.value : null
  }

  return (
    <LockedPage
      icon={<ShieldAlert />}
      tone="danger"
      title={t(`failed.title.${subjectOf(code)}`)}
      text={t(`errors:${code}`)}
    >
      {code !== 'PROFILE_IN_USE' && <Banner>{t('failed.kept')}</Banner>}
      <Button
        variant="primary"
        size="large"
        wide
        busy={retry.pending}
        onClick={() => void retry.run(undefined)}
      >
        {t('failed.retry')}
      </Button>
      <CopyButton
        variant="quiet"
        wide
        text={readDiagnostics}
        label={t('failed.copy')}
        copiedLabel={t('failed.copied')}
      />
      <p className={styles.code}>
        {t('failed.code')} <code>{code}</code>
      </p>
    </LockedPage>
  )
}
