import { LockKeyhole } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { Button } from '../ui/button.tsx'
import { LockedPage } from './locked-page.tsx'

interface KeychainLockedProps {
  /** The way back, in first run. */
  readonly onBack?: () => void
  /** The way on without the keychain, in first run. */
  readonly onPassphrase?: () => void
}

/** The keychain is locked: what that means, and another try. The main process also tries by itself. */
export function KeychainLocked({ onBack, onPassphrase }: KeychainLockedProps) {
  const { t } = useTranslation('onboarding')
  const retry = useIpcCall('app.retry')
  return (
    <LockedPage
      icon={<LockKeyhole />}
      title={t('keychainLocked.title')}
      text={t('keychainLocked.text')}
      onBack={onBack}
    >
      <Button
        variant="primary"
        size="large"
        wide
        busy={retry.pending}
        onClick={() => void retry.run(undefined)}
      >
        {retry.pending ? t('keychainLocked.waiting') : t('keychainLocked.retry')}
      </Button>
      {onPassphrase !== undefined && (
        <Button variant="quiet" wide onClick={onPassphrase}>
          {t('keychainLocked.passphraseInstead')}
        </Button>
      )}
    </LockedPage>
  )
}
