import { ShieldCheck } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import styles from './onboarding.module.css'

interface KeysNoteProps {
  readonly keychain: 'available' | 'absent' | 'locked'
  readonly protection: 'keychain' | 'passphrase'
  readonly onProtection: (protection: 'keychain' | 'passphrase') => void
}

/** Where the keys are kept, in one sentence, with the other choice beside it where there is one. */
export function KeysNote({ keychain, protection, onProtection }: KeysNoteProps) {
  const { t } = useTranslation('onboarding')
  const text =
    protection === 'passphrase'
      ? t('keys.vault')
      : keychain === 'locked'
        ? t('keys.locked')
        : t('keys.keychain')
  return (
    <div className={styles.keysNote}>
      <ShieldCheck aria-hidden="true" />
      <div>
        <p>{text}</p>
        {keychain !== 'absent' && (
          <Button
            variant="quiet"
            size="small"
            onClick={() => onProtection(protection === 'keychain' ? 'passphrase' : 'keychain')}
          >
            {protection === 'keychain' ? t('keys.usePassphrase') : t('keys.useKeychain')}
          </Button>
        )}
      </div>
    </div>
  )
}
