import { useTranslation } from 'react-i18next'
import { MIN_PASSPHRASE_CHARS, type PassphraseStrength } from './passphrase-strength.ts'
import styles from './strength-meter.module.css'

const STEPS: readonly PassphraseStrength[] = ['weak', 'fair', 'good', 'strong']

/** Four bars and a word. */
export function StrengthMeter({ strength }: { readonly strength: PassphraseStrength }) {
  const { t } = useTranslation('onboarding')
  const filled = STEPS.indexOf(strength) + 1
  return (
    <div className={styles.meter} data-strength={strength}>
      <div className={styles.bars} aria-hidden="true">
        {STEPS.map((step, index) => (
          <span key={step} data-filled={index < filled || undefined} />
        ))}
      </div>
      <p role="status">
        <span className="visually-hidden">{t('passphrase.strength')}: </span>
        {t(`passphrase.level.${strength}`, { count: MIN_PASSPHRASE_CHARS })}
      </p>
    </div>
  )
}
