import styles from './spinner.module.css'

/** A turning ring. Give it a label where nothing beside it says what is going on. */
export function Spinner({
  size = 'medium',
  label,
}: {
  readonly size?: 'small' | 'medium' | 'large'
  readonly label?: string
}) {
  return (
    <span
      className={styles.spinner}
      data-size={size}
      role={label === undefined ? undefined : 'status'}
      aria-label={label}
      aria-hidden={label === undefined}
    />
  )
}
