import type { ReactNode } from 'react'
import styles from './badge.module.css'

/** A small rounded mark: a count, or a word. */
export function Badge({
  tone = 'accent',
  children,
}: {
  readonly tone?: 'accent' | 'quiet' | 'danger' | 'warning' | 'success'
  readonly children?: ReactNode
}) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {children}
    </span>
  )
}
