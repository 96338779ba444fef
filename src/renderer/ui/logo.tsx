import styles from './logo.module.css'

/** The mark: a sound that fades, as "sotto voce" does. Decorative; the name stands beside or below it. */
export function Logo({ size }: { readonly size: number }) {
  return (
    <svg className={styles.logo} width={size} height={size} viewBox="0 0 72 72" aria-hidden="true">
      <rect className={styles.ground} width="72" height="72" rx="20" />
      <g className={styles.bars}>
        <rect x="16" y="18" width="8" height="36" rx="4" />
        <rect x="32" y="25" width="8" height="22" rx="4" opacity="0.82" />
        <rect x="48" y="31" width="8" height="10" rx="4" opacity="0.64" />
      </g>
    </svg>
  )
}
