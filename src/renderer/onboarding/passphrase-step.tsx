import { useState, type FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { ErrorCode } from '#shared/errors.ts'
import { Button } from '../ui/button.tsx'
import { FormError } from '../ui/form-error.tsx'
import { PassphraseField } from '../ui/passphrase-field.tsx'
import { MIN_PASSPHRASE_CHARS, passphraseStrength } from './passphrase-strength.ts'
import { StepFrame } from './step-frame.tsx'
import { StrengthMeter } from './strength-meter.tsx'
import styles from './onboarding.module.css'

interface PassphraseStepProps {
  /** Whether this computer offers no keychain, as opposed to the user preferring a passphrase. */
  readonly keychainAbsent: boolean
  readonly pending: boolean
  readonly errorCode: ErrorCode | null
  readonly onBack: () => void
  readonly onSubmit: (passphrase: string) => void
}

/** Takes the passphrase of the vault, twice, and says what that means. */
export function PassphraseStep(props: PassphraseStepProps) {
  const { t } = useTranslation(['onboarding', 'errors'])
  const [passphrase, setPassphrase] = useState('')
  const [repeated, setRepeated] = useState('')
  const [tried, setTried] = useState(false)

  const strength = passphraseStrength(passphrase)
  const tooShort = strength === 'too-short'
  const differs = repeated !== passphrase

  function submit(event: FormEvent): void {
    event.preventDefault()
    setTried(true)
    if (!tooShort && !differs && !props.pending) props.onSubmit(passphrase)
  }

  return (
    <StepFrame
      title={t('passphrase.title')}
      text={
        <>
          {props.keychainAbsent ? t('passphrase.absent') : t('passphrase.chosen')}{' '}
          {t('passphrase.asked')} <strong>{t('passphrase.noRecovery')}</strong>
        </>
      }
      onBack={props.onBack}
    >
      <form className={styles.form} onSubmit={submit}>
        <div className={styles.strengthField}>
          <PassphraseField
            label={t('passphrase.label')}
            hint={t('passphrase.hint')}
            value={passphrase}
            onChange={setPassphrase}
            error={
              tried && tooShort
                ? t('passphrase.level.too-short', { count: MIN_PASSPHRASE_CHARS })
                : undefined
            }
            autoComplete="new-password"
            autoFocus
          />
          {passphrase !== '' && <StrengthMeter strength={strength} />}
        </div>
        <PassphraseField
          label={t('passphrase.repeat')}
          value={repeated}
          onChange={setRepeated}
          error={tried && !tooShort && differs ? t('passphrase.mismatch') : undefined}
          autoComplete="new-password"
        />
        {props.errorCode !== null && <FormError>{t(`errors:${props.errorCode}`)}</FormError>}
        <Button type="submit" variant="primary" size="large" wide busy={props.pending}>
          {props.pending ? t('account.creating') : t('account.create')}
        </Button>
      </form>
    </StepFrame>
  )
}
