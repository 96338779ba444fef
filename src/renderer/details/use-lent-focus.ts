import { type RefObject, useLayoutEffect } from 'react'
import { focusComposer } from '../state/composer.ts'

/**
 * Lends focus to a pane that hides what had it, as in a narrow window. Where the pane has it when it goes, focus
 * returns to where it was before, or else to the composer.
 */
export function useLentFocus(pane: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const element = pane.current
    const before = document.activeElement
    // A dialog that asked for the pane gives focus back first.
    const frame = requestAnimationFrame(() => {
      const focused = document.activeElement
      const seen = focused?.checkVisibility({ visibilityProperty: true }) ?? false
      if (focused === document.body || !seen) element?.focus()
    })
    return () => {
      cancelAnimationFrame(frame)
      if (element?.contains(document.activeElement) !== true) return
      // What was hidden can take focus only once the pane is gone.
      queueMicrotask(() => {
        if (before instanceof HTMLElement) before.focus()
        if (document.activeElement === document.body) focusComposer()
      })
    }
  }, [pane])
}
