import { useTranslation } from 'react-i18next'
import { Button } from '../ui/button.tsx'
import { Logo } from '../ui/logo.tsx'
import styles from './onboarding.module.css'

interface WelcomeStepProps {
  readonly onCreate: () => void
  readonly onInvite: () => void
}

/** The first screen: one sentence, two ways on. */
export function WelcomeStep({ onCreate, onInvite }: WelcomeStepProps) {
  const { t } = useTranslation('onboarding')
  return (
    <section className={styles.welcome}>
      <Logo size={72} />
      <h1 className={styles.welcomeTitle}>{t('welcome.title')}</h1>
      <p className={styles.welcomeText}>{t('welcome.text')}</p>
      <div className={styles.welcomeButtons}>
        <Button variant="primary" size="large" wide onClick={onCreate}>
          {t('welcome.create')}
        </Button>
        <Button variant="secondary" size="large" wide onClick={onInvite}>
          {t('welcome.haveInvite')}
        </Button>
      </div>
      <p className={styles.faint}>{t('welcome.noPhone')}</p>
    </section>
  )
}
