import type { ComponentProps, ReactNode } from 'react'
import styles from './button.module.css'
import { classNames } from './class-names.ts'
import { Spinner } from './spinner.tsx'

export interface ButtonProps extends ComponentProps<'button'> {
  readonly variant?: 'primary' | 'secondary' | 'quiet' | 'danger'
  readonly size?: 'small' | 'medium' | 'large'
  /** A lucide icon before the text. */
  readonly icon?: ReactNode
  /** Takes the whole width. */
  readonly wide?: boolean
  /** Shows that the action is under way; further clicks do nothing. */
  readonly busy?: boolean
}

/** A button with a text. For one with only an icon, see `IconButton`. */
export function Button({
  variant = 'secondary',
  size = 'medium',
  icon,
  wide = false,
  busy = false,
  className,
  children,
  onClick,
  type = 'button',
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      data-variant={variant}
      data-size={size}
      aria-busy={busy || undefined}
      aria-disabled={busy || rest['aria-disabled']}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={classNames(styles.button, wide && styles.wide, className)}
    >
      {busy ? <Spinner size="small" /> : icon}
      {children}
    </button>
  )
}
