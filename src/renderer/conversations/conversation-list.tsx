import { type KeyboardEvent, type MouseEvent, useCallback, useRef, useState } from 'react'
import { Virtualizer, type VirtualizerHandle } from 'virtua'
import type { ConversationView } from '#ipc/views.ts'
import { useNow } from '../i18n/use-now.ts'
import { useConversations } from '../state/conversations.ts'
import { openConversation } from '../state/navigation.ts'
import { anchorOf, type MenuAnchor } from '../ui/menu.tsx'
import styles from './conversation-list.module.css'
import { ConversationRow } from './conversation-row.tsx'
import { RowMenu } from './row-menu.tsx'

/** Conversations, one below the other: arrow keys move, Enter opens, the menu key shows what can be done. */
export function ConversationList({
  conversations,
  label,
}: {
  readonly conversations: readonly ConversationView[]
  readonly label: string
}) {
  const openId = useConversations((state) => state.openId)
  const nowMs = useNow()
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const [focusedId, setFocusedId] = useState<number | null>(null)
  const [menu, setMenu] = useState<{ readonly id: number; readonly anchor: MenuAnchor } | null>(
    null,
  )

  const has = (id: number | null) => conversations.some((row) => row.id === id)
  const tabbableId = has(focusedId) ? focusedId : has(openId) ? openId : conversations[0]?.id
  const onOpen = useCallback((id: number) => openConversation(id), [])

  const focusRow = (index: number) => {
    const row = conversations[index]
    if (row === undefined) return
    list.current?.scrollToIndex(index, { align: 'nearest' })
    setFocusedId(row.id)
    // The row may only be there after the list has scrolled.
    requestAnimationFrame(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-row="${row.id}"]`)?.focus()
    })
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const at = conversations.findIndex((row) => row.id === rowId(event.target))
    if (at === -1) return
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: conversations.length - 1,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    focusRow(to)
  }

  const onContextMenu = (event: MouseEvent) => {
    const id = rowId(event.target)
    if (id === null) return
    event.preventDefault()
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-row]')
    setMenu({ id, anchor: anchorOf(event, row) })
  }

  return (
    <div ref={scroller} className={styles.scroller}>
      <nav aria-label={label} onKeyDown={onKeyDown} onContextMenu={onContextMenu}>
        <Virtualizer ref={list} as="ul" item="li" data={conversations} scrollRef={scroller}>
          {(row) => (
            <ConversationRow
              key={row.id}
              conversation={row}
              open={row.id === openId}
              tabbable={row.id === tabbableId}
              menuOpen={row.id === menu?.id}
              nowMs={nowMs}
              onOpen={onOpen}
            />
          )}
        </Virtualizer>
      </nav>
      <RowMenu
        conversation={conversations.find((row) => row.id === menu?.id) ?? null}
        anchor={menu?.anchor ?? null}
        onClose={() => setMenu(null)}
      />
    </div>
  )
}

function rowId(target: EventTarget): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null
  return row === null ? null : Number(row.dataset['row'])
}
