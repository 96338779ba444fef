import { Select as Base } from '@base-ui/react/select'
import { Check, ChevronDown } from 'lucide-react'
import { type ReactNode, useId } from 'react'
import styles from './select.module.css'

export interface SelectOption<Value extends string> {
  readonly value: Value
  readonly label: string
}

/** One of a few values, with its label beside it. */
export function Select<Value extends string>({
  label,
  description,
  value,
  options,
  disabled = false,
  onChange,
}: {
  readonly label: string
  readonly description?: ReactNode
  readonly value: Value
  readonly options: readonly SelectOption<Value>[]
  readonly disabled?: boolean
  readonly onChange: (value: Value) => void
}) {
  const id = useId()
  return (
    <div className={styles.row}>
      <div className={styles.texts}>
        <span id={`${id}-label`}>{label}</span>
        {description !== undefined && <span className={styles.description}>{description}</span>}
      </div>
      <Base.Root
        items={options}
        value={value}
        disabled={disabled}
        onValueChange={(next) => next !== null && onChange(next)}
      >
        <Base.Trigger className={styles.trigger} aria-labelledby={`${id}-label ${id}-value`}>
          <Base.Value id={`${id}-value`} />
          <Base.Icon className={styles.icon}>
            <ChevronDown />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner
            className={styles.positioner}
            sideOffset={4}
            align="end"
            alignItemWithTrigger={false}
          >
            <Base.Popup className={styles.popup}>
              <Base.List aria-label={label}>
                {options.map((option) => (
                  <Base.Item key={option.value} value={option.value} className={styles.item}>
                    <Base.ItemText>{option.label}</Base.ItemText>
                    <Base.ItemIndicator className={styles.check}>
                      <Check />
                    </Base.ItemIndicator>
                  </Base.Item>
                ))}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </div>
  )
}
