import { ArrowLeft } from 'lucide-react'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './onboarding.module.css'

interface StepFrameProps {
  readonly title: string
  readonly text?: ReactNode
  readonly onBack?: () => void
  readonly children: ReactNode
}

/** One step of first run: a named region with its heading and the way back. */
export function StepFrame({ title, text, onBack, children }: StepFrameProps) {
  const { t } = useTranslation('onboarding')
  const headingId = useId()
  return (
    <section className={styles.step} aria-labelledby={headingId}>
      {onBack !== undefined && (
        <div className={styles.back}>
          <IconButton
            label={t('back')}
            icon={<ArrowLeft className={styles.backIcon} />}
            onClick={onBack}
          />
        </div>
      )}
      <header className={styles.stepHeader}>
        <h1 id={headingId} className={styles.title}>
          {title}
        </h1>
        {text !== undefined && <p className={styles.text}>{text}</p>}
      </header>
      {children}
    </section>
  )
}
