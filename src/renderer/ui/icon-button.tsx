import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import styles from './icon-button.module.css'
import { Tooltip } from './tooltip.tsx'

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children'> {
  /** Its name: read out, and shown as the tooltip. */
  readonly label: string
  /** A lucide icon. */
  readonly icon: ReactNode
  readonly size?: 'small' | 'medium'
  /** The shortcut that does the same, as `KeyHint` takes it. */
  readonly keys?: string
  /** Draws it as switched on. */
  readonly active?: boolean
  readonly tooltipSide?: 'top' | 'bottom' | 'inline-start' | 'inline-end'
}

/** A button with only an icon. */
export function IconButton({
  label,
  icon,
  size = 'medium',
  keys,
  active = false,
  tooltipSide = 'bottom',
  className,
  type = 'button',
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} keys={keys} side={tooltipSide}>
      <button
        {...rest}
        type={type}
        aria-label={label}
        data-size={size}
        data-active={active || undefined}
        className={classNames(styles.button, className)}
      >
        {icon}
      </button>
    </Tooltip>
  )
}
