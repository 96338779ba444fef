import type { ReactNode } from 'react'
import { Avatar } from '../ui/avatar.tsx'
import styles from './preview-card.module.css'

interface PreviewCardProps {
  /** `null` while it is not known, as with an address. */
  readonly fingerprint: string | null
  readonly address: string
  readonly caption: string
  readonly icon?: ReactNode
  /** What adding this contact means. */
  readonly children?: ReactNode
}

/** Whom a link or an address belongs to, before it is added. */
export function PreviewCard({ fingerprint, address, caption, icon, children }: PreviewCardProps) {
  return (
    <div className={styles.card} role="status">
      {fingerprint === null ? (
        <span className={styles.icon} aria-hidden="true">
          {icon}
        </span>
      ) : (
        <Avatar fingerprint={fingerprint} title={address} />
      )}
      <div className={styles.texts}>
        <span className={styles.caption}>{caption}</span>
        <bdi className={styles.address}>{address}</bdi>
        {children !== undefined && <p className={styles.note}>{children}</p>}
      </div>
    </div>
  )
}
