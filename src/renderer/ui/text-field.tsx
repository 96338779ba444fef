import { type ComponentProps, type ReactNode, useId } from 'react'
import { classNames } from './class-names.ts'
import styles from './text-field.module.css'

export interface TextFieldProps extends Omit<ComponentProps<'input'>, 'onChange'> {
  readonly label: string
  /** Keeps the label for screen readers only. */
  readonly labelHidden?: boolean
  /** Below the field; gives way to `error`. */
  readonly hint?: ReactNode
  readonly error?: ReactNode
  /** Inside the field, before and after the text. */
  readonly before?: ReactNode
  readonly after?: ReactNode
  readonly onChange: (value: string) => void
}

/** A line of text with its label, and a hint or an error below it. */
export function TextField({
  label,
  labelHidden = false,
  hint,
  error,
  before,
  after,
  onChange,
  className,
  ...rest
}: TextFieldProps) {
  const id = useId()
  const wrong = error !== undefined && error !== null && error !== false
  const below = wrong ? error : hint
  return (
    <div className={classNames(styles.field, className)}>
      <label htmlFor={id} className={labelHidden ? styles.hidden : styles.label}>
        {label}
      </label>
      <div className={styles.box} data-wrong={wrong || undefined}>
        {before}
        <input
          dir={rest.value === '' ? undefined : 'auto'}
          {...rest}
          id={id}
          className={styles.input}
          aria-invalid={wrong || undefined}
          aria-describedby={`${id}-below`}
          onChange={(event) => onChange(event.target.value)}
        />
        {after}
      </div>
      <div id={`${id}-below`} className={wrong ? styles.error : styles.hint} aria-live="polite">
        {below}
      </div>
    </div>
  )
}
