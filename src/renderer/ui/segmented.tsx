import { Radio } from '@base-ui/react/radio'
import { RadioGroup } from '@base-ui/react/radio-group'
import { type ReactNode, useId } from 'react'
import styles from './segmented.module.css'

export interface Segment<Value extends string> {
  readonly value: Value
  readonly label: string
  readonly icon?: ReactNode
}

/** One of a few choices, all in sight. */
export function Segmented<Value extends string>({
  label,
  labelHidden = false,
  description,
  value,
  segments,
  onChange,
}: {
  readonly label: string
  /** Keeps the label for screen readers only. */
  readonly labelHidden?: boolean
  readonly description?: ReactNode
  readonly value: Value
  readonly segments: readonly Segment<Value>[]
  readonly onChange: (value: Value) => void
}) {
  const id = useId()
  return (
    <div className={styles.field}>
      {!labelHidden && (
        <div className={styles.texts}>
          <span id={id}>{label}</span>
          {description !== undefined && <span className={styles.description}>{description}</span>}
        </div>
      )}
      <RadioGroup
        className={styles.group}
        value={value}
        onValueChange={(next) => onChange(next)}
        aria-labelledby={labelHidden ? undefined : id}
        aria-label={labelHidden ? label : undefined}
      >
        {segments.map((segment) => (
          <Radio.Root key={segment.value} value={segment.value} className={styles.segment}>
            {segment.icon}
            <span>{segment.label}</span>
          </Radio.Root>
        ))}
      </RadioGroup>
    </div>
  )
}
