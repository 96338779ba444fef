import { useId, type ReactNode } from 'react'
import styles from './group.module.css'

interface GroupProps {
  readonly title?: string
  readonly hint?: ReactNode
  readonly children: ReactNode
}

/** Settings that belong together. */
export function Group({ title, hint, children }: GroupProps) {
  const id = useId()
  return (
    <section className={styles.group} aria-labelledby={title === undefined ? undefined : id}>
      {title !== undefined && (
        <h4 id={id} className={styles.title}>
          {title}
        </h4>
      )}
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      {children}
    </section>
  )
}

interface Fact {
  readonly label: string
  readonly value: ReactNode
}

/** What is so, as opposed to what can be set: names and values. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(({ label, value }) => (
        <div key={label} className={styles.fact}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
