import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef } from 'react'
import type { VirtualizerHandle } from 'virtua'
import type { ConversationView, MessageView } from '#ipc/views.ts'
import { call } from '../ipc/bridge.ts'
import { hasAttention, useApp } from '../state/app.ts'
import { useLayout } from '../state/layout.ts'
import { useSearch } from '../state/search.ts'

const PAUSE_MS = 200

/**
 * Tells the main process how far the messages have been seen: up to the last one in view, while the window
 * has the user's attention and shows the thread. Returns what to call when another part of the thread came into view.
 */
export function useReadMarker(
  { id, unreadCount }: ConversationView,
  messages: readonly MessageView[],
  list: RefObject<VirtualizerHandle | null>,
  scroller: RefObject<HTMLElement | null>,
): () => void {
  const marked = useRef(0)
  const screenLocked = useApp((app) => app.screenLocked)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const latest = useRef({ messages, unreadCount })
  useLayoutEffect(() => {
    latest.current = { messages, unreadCount }
  })

  const look = useCallback(() => {
    timer.current = undefined
    const handle = list.current
    if (handle === null || !hasAttention() || latest.current.unreadCount === 0) return
    if (scroller.current?.checkVisibility({ visibilityProperty: true }) !== true) return
    const bottom = handle.findItemIndex(handle.scrollOffset + handle.viewportSize - 1)
    const seen = latest.current.messages[bottom]?.seq ?? 0
    if (seen <= marked.current) return
    marked.current = seen
    void call('conversations.markRead', { conversationId: id, seq: seen })
  }, [id, list, scroller])

  const soon = useCallback(() => {
    timer.current ??= setTimeout(look, PAUSE_MS)
  }, [look])

  useEffect(() => {
    window.addEventListener('focus', soon)
    return () => {
      window.removeEventListener('focus', soon)
      clearTimeout(timer.current)
      timer.current = undefined
    }
  }, [soon])

  // New rows, a count that came later than its rows, somebody is back at the screen, or a thread that another pane hid in
  // a narrow window.
  const detailsOpen = useLayout((state) => state.detailsOpen)
  const searching = useSearch((state) => state.active)
  useEffect(soon, [soon, messages, unreadCount, screenLocked, detailsOpen, searching])
  return soon
}
