import type { ReactNode } from 'react'
import styles from './banner.module.css'

/** A note across a pane, with what one can do about it. */
export function Banner({
  tone = 'neutral',
  icon,
  title,
  children,
  actions,
}: {
  readonly tone?: 'neutral' | 'warning' | 'danger'
  readonly icon?: ReactNode
  readonly title?: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <div className={styles.banner} data-tone={tone}>
      {icon !== undefined && <span className={styles.icon}>{icon}</span>}
      <div className={styles.texts}>
        {title !== undefined && <strong className={styles.title}>{title}</strong>}
        {children !== undefined && <div className={styles.body}>{children}</div>}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
    </div>
  )
}
