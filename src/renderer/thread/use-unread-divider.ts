import { type RefObject, useEffect, useRef } from 'react'
import type { ConversationView } from '#ipc/views.ts'
import { hasAttention } from '../state/app.ts'
import { setUnreadDivider, type Thread } from '../state/threads.ts'

/** Draws the unread divider above what arrives while the user looks elsewhere. */
export function useUnreadDivider(
  { id }: ConversationView,
  { messages, firstUnreadSeq, hasNewer }: Thread,
  atEnd: RefObject<boolean>,
): void {
  const known = useRef(messages.at(-1)?.seq ?? 0)
  useEffect(() => {
    const before = known.current
    known.current = messages.at(-1)?.seq ?? before
    if (hasNewer || firstUnreadSeq !== null || (hasAttention() && atEnd.current)) return
    const arrived = messages.find(({ seq, author }) => seq > before && author === 'them')
    if (arrived !== undefined) setUnreadDivider(id, arrived.seq)
  }, [id, messages, firstUnreadSeq, hasNewer, atEnd])
}
