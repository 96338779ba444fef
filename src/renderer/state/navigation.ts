import type { ConversationView } from '#ipc/views.ts'
import { focusComposer, startReply } from './composer.ts'
import { listedConversations, setOpenConversation, useConversations } from './conversations.ts'
import { clearSearch, focusSearch, leaveSearch } from './search.ts'
import { jumpToMessage, openThread, useThreads } from './threads.ts'

/** Shows a conversation; at one message, or else at its first unread one. */
export function openConversation(id: number, seq?: number): void {
  const already = useConversations.getState().openId === id
  setOpenConversation(id)
  if (seq !== undefined) void jumpToMessage(id, seq)
  else if (!already) void openThread(id)
  leaveSearch()
  focusComposer()
}

/** Shows no conversation: back to the list in a narrow window. */
export function closeConversation(): void {
  setOpenConversation(null)
}

/** Ends searching; focus goes to the composer or, where no conversation is open, to the empty field. */
export function endSearch(): void {
  focusSearch()
  clearSearch()
  focusComposer()
}

/** Opens the next (1) or previous (-1) conversation of the list; on demand only among unread ones. */
export function stepConversation(step: 1 | -1, { unreadOnly = false } = {}): void {
  const { byId, openId } = useConversations.getState()
  const list = listedConversations(byId)
  const from = list.findIndex(({ id }) => id === openId)
  const start = from === -1 && step === -1 ? list.length : from
  for (let index = start + step; index >= 0 && index < list.length; index += step) {
    const row = list[index]
    if (row !== undefined && (!unreadOnly || isUnread(row))) return openConversation(row.id)
  }
}

/** Opens a conversation by its place in the list, from 0. */
export function openConversationAt(index: number): void {
  const row = listedConversations(useConversations.getState().byId)[index]
  if (row !== undefined) openConversation(row.id)
}

/** Starts answering the latest message of the open conversation that the other side wrote. */
export function replyToLatest(): void {
  const { openId } = useConversations.getState()
  if (openId === null) return
  const messages = useThreads.getState().byId.get(openId)?.messages
  const latest = messages?.findLast(({ author, kind }) => author === 'them' && kind === 'text')
  if (latest !== undefined) startReply(latest)
}

/** Whether a conversation has something new, or was marked so. */
export function isUnread(row: ConversationView): boolean {
  return row.unreadCount > 0 || row.markedUnread
}
