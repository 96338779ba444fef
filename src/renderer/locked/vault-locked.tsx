import { KeyRound } from 'lucide-react'
import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { PassphraseField } from '../ui/passphrase-field.tsx'
import { LockedPage } from './locked-page.tsx'
import styles from './locked.module.css'

/** The keys are in a passphrase vault: asks for the passphrase. */
export function VaultLocked() {
  const { t } = useTranslation(['onboarding', 'errors'])
  const [passphrase, setPassphrase] = useState('')
  const { run, pending, error, clearError } = useIpcCall('app.unlockVault')
  const wrong = error === 'PASSPHRASE_WRONG'

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (pending || passphrase === '') return
    await run({ passphrase })
  }

  return (
    <LockedPage icon={<KeyRound />} title={t('vaultLocked.title')} text={t('vaultLocked.text')}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <PassphraseField
          label={t('vaultLocked.label')}
          value={passphrase}
          onChange={(text) => {
            setPassphrase(text)
            if (error !== null) clearError()
          }}
          error={wrong ? t('errors:PASSPHRASE_WRONG') : undefined}
          autoComplete="current-password"
          autoFocus
        />
        {error !== null && !wrong && <FormError>{t(`errors:${error}`)}</FormError>}
        <Button type="submit" variant="primary" size="large" wide busy={pending}>
          {t('vaultLocked.unlock')}
        </Button>
      </form>
    </LockedPage>
  )
}
