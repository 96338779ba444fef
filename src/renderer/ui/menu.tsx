import { Menu as Base } from '@base-ui/react/menu'
import type { ReactNode } from 'react'
import { KeyHint } from './key-hint.tsx'
import styles from './menu.module.css'

export interface MenuAction {
  readonly label: string
  readonly icon?: ReactNode
  /** The shortcut that does the same, as `KeyHint` takes it. */
  readonly keys?: string
  readonly danger?: boolean
  readonly disabled?: boolean
  readonly onSelect: () => void
}

export interface Submenu {
  readonly label: string
  readonly icon?: ReactNode
  readonly entries: readonly MenuEntry[]
}

export type MenuEntry = MenuAction | Submenu | 'separator'

/** A place on the screen that a menu opens at: where the pointer was, or an element's edges. */
export interface MenuAnchor {
  readonly getBoundingClientRect: () => DOMRect
}

/** The anchor of a `contextmenu` event: the pointer, or `element` where a key caused it. */
export function anchorOf(event: React.MouseEvent, element: Element | null): MenuAnchor {
  // A mouse always has a button; the menu key and Shift+F10 have none.
  const byKey = event.button !== 2
  const rect =
    byKey && element !== null
      ? element.getBoundingClientRect()
      : new DOMRect(event.clientX, event.clientY, 0, 0)
  return { getBoundingClientRect: () => rect }
}

/** A menu opened where `anchor` says: one serves a whole list. */
export function ContextMenu({
  anchor,
  entries,
  onClose,
}: {
  /** `null` closes it. */
  readonly anchor: MenuAnchor | null
  readonly entries: readonly MenuEntry[]
  readonly onClose: () => void
}) {
  return (
    <Base.Root open={anchor !== null} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Positioner anchor={anchor} align="start" sideOffset={2} className={styles.positioner}>
          <Base.Popup className={styles.popup}>
            <Entries entries={entries} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

function Entries({ entries }: { readonly entries: readonly MenuEntry[] }) {
  return entries.map((entry, index) => {
    if (entry === 'separator') return <Base.Separator key={index} className={styles.separator} />
    if ('entries' in entry) {
      return (
        <Base.SubmenuRoot key={index}>
          <Base.SubmenuTrigger className={styles.item}>
            <span className={styles.icon}>{entry.icon}</span>
            <span className={styles.label}>{entry.label}</span>
            <span className={styles.arrow} aria-hidden="true">
              ›
            </span>
          </Base.SubmenuTrigger>
          <Base.Portal>
            <Base.Positioner className={styles.positioner} sideOffset={2} alignOffset={-5}>
              <Base.Popup className={styles.popup}>
                <Entries entries={entry.entries} />
              </Base.Popup>
            </Base.Positioner>
          </Base.Portal>
        </Base.SubmenuRoot>
      )
    }
    return (
      <Base.Item
        key={index}
        className={styles.item}
        data-danger={entry.danger || undefined}
        disabled={entry.disabled ?? false}
        onClick={entry.onSelect}
      >
        <span className={styles.icon}>{entry.icon}</span>
        <span className={styles.label}>{entry.label}</span>
        {entry.keys !== undefined && <KeyHint keys={entry.keys} />}
      </Base.Item>
    )
  })
}
