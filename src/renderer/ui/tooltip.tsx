import { Tooltip as Base } from '@base-ui/react/tooltip'
import type { ReactElement } from 'react'
import { KeyHint } from './key-hint.tsx'
import styles from './tooltip.module.css'

/** Groups tooltips, so that after the first one the next appear at once. Mounted once, at the root. */
export function TooltipProvider({ children }: { readonly children: React.ReactNode }) {
  return (
    <Base.Provider delay={500} closeDelay={0}>
      {children}
    </Base.Provider>
  )
}

/** A short text beside a control that is hovered or focused. It repeats the control's name, it never replaces it. */
export function Tooltip({
  text,
  keys,
  side = 'top',
  children,
}: {
  readonly text: string
  /** The shortcut that does the same, as `KeyHint` takes it. */
  readonly keys?: string | undefined
  readonly side?: 'top' | 'bottom' | 'inline-start' | 'inline-end'
  readonly children: ReactElement
}) {
  return (
    <Base.Root>
      <Base.Trigger render={children} />
      <Base.Portal>
        <Base.Positioner side={side} sideOffset={6} className={styles.positioner}>
          <Base.Popup className={styles.popup}>
            {text}
            {keys !== undefined && <KeyHint keys={keys} />}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
