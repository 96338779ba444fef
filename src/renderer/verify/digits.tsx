import styles from './digits.module.css'

interface DigitsProps {
  /** Twelve groups of five digits. */
  readonly groups: readonly string[]
  readonly label: string
}

/** A safety number in twelve groups, read out group by group. */
export function Digits({ groups, label }: DigitsProps) {
  return (
    <ol className={styles.digits} aria-label={label} dir="ltr">
      {groups.map((group, index) => (
        <li key={index}>{group}</li>
      ))}
    </ol>
  )
}
