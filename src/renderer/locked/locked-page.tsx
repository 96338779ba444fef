import { ArrowLeft } from 'lucide-react'
import { useId, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconButton } from '../ui/icon-button.tsx'
import styles from './locked.module.css'

interface LockedPageProps {
  readonly icon: ReactNode
  readonly title: string
  readonly text: ReactNode
  readonly tone?: 'calm' | 'danger'
  readonly onBack?: (() => void) | undefined
  readonly children: ReactNode
}

/** A whole-window page that stands in front of the conversations: what is the matter, and the way on. */
export function LockedPage({
  icon,
  title,
  text,
  tone = 'calm',
  onBack,
  children,
}: LockedPageProps) {
  const { t } = useTranslation('onboarding')
  const headingId = useId()
  return (
    <section className={styles.page} aria-labelledby={headingId} data-tone={tone}>
      {onBack !== undefined && (
        <div className={styles.back}>
          <IconButton label={t('back')} icon={<ArrowLeft />} onClick={onBack} />
        </div>
      )}
      <div className={styles.icon} aria-hidden="true">
        {icon}
      </div>
      <h1 id={headingId} className={styles.title}>
        {title}
      </h1>
      <p className={styles.text}>{text}</p>
      <div className={styles.actions}>{children}</div>
    </section>
  )
}
