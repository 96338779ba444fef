import { create } from 'zustand'
import type { CallOutput } from '#ipc/contract.ts'
import type { MessageView } from '#ipc/views.ts'
import { call } from '../ipc/bridge.ts'
import { useConversations } from './conversations.ts'
import {
  appendPage,
  dropMessages,
  mergeChanged,
  prependPage,
  takeInAdded,
  trim,
  unreadStart,
} from './message-window.ts'

const PAGE_SIZE = 60
const KEPT_THREADS = 12

/** Where the thread is to be scrolled to. `turn` differs each time, so that the same place can be asked again. */
export interface ScrollTarget {
  readonly seq: number | 'end'
  readonly align: 'start' | 'center' | 'end'
  readonly flash: boolean
  readonly turn: number
}

/** The part of a conversation's messages that is loaded: one unbroken stretch. */
export interface Thread {
  /** By `seq`, oldest first. */
  readonly messages: readonly MessageView[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
  /** Above which message the unread divider stands. */
  readonly firstUnreadSeq: number | null
  /** Grows when the stretch is another one, not a longer one. */
  readonly generation: number
  readonly target: ScrollTarget
}

export const useThreads = create<{ readonly byId: ReadonlyMap<number, Thread> }>(() => ({
  byId: new Map(),
}))

const loading = new Set<string>()
let turns = 0

/** The loaded part of one conversation, or `null` until its first page is there. */
export function useThread(conversationId: number): Thread | null {
  return useThreads(({ byId }) => byId.get(conversationId) ?? null)
}

/** Forgets everything, for a profile that was closed. */
export function resetThreads(): void {
  useThreads.setState({ byId: new Map() })
}

function put(conversationId: number, thread: Thread): void {
  useThreads.setState(({ byId }) => {
    const next = new Map(byId)
    // Last in the map is the latest used: the oldest make way.
    next.delete(conversationId)
    next.set(conversationId, thread)
    for (const id of next.keys()) {
      if (next.size <= KEPT_THREADS) break
      next.delete(id)
    }
    return { byId: next }
  })
}

function update(conversationId: number, change: (thread: Thread) => Thread): void {
  const { byId } = useThreads.getState()
  const thread = byId.get(conversationId)
  if (thread === undefined) return
  const changed = change(thread)
  if (changed === thread) return
  useThreads.setState({ byId: new Map(byId).set(conversationId, changed) })
}

function target(
  seq: ScrollTarget['seq'],
  align: ScrollTarget['align'],
  flash = false,
): ScrollTarget {
  turns += 1
  return { seq, align, flash, turn: turns }
}

/** Reads a page once at a time; `null` where it failed or is already being read. */
async function page(
  conversationId: number,
  position: Parameters<typeof call<'messages.page'>>[1]['position'],
): Promise<CallOutput<'messages.page'> | null> {
  const key = `${conversationId} ${position.kind}`
  if (loading.has(key)) return null
  loading.add(key)
  try {
    const outcome = await call('messages.page', { conversationId, position, limit: PAGE_SIZE })
    return outcome.ok ? outcome.value : null
  } finally {
    loading.delete(key)
  }
}

/** Shows a conversation at its first unread message, or at its end. At once where it is still loaded. */
export async function openThread(conversationId: number): Promise<void> {
  const unread = useConversations.getState().byId.get(conversationId)?.unreadCount ?? 0
  const kept = useThreads.getState().byId.get(conversationId)
  if (kept !== undefined && !kept.hasNewer) {
    const firstUnreadSeq = unreadStart(kept.messages, unread)
    if (unread === 0 || firstUnreadSeq !== null) {
      return put(conversationId, {
        ...kept,
        firstUnreadSeq,
        generation: kept.generation + 1,
        target: firstUnreadSeq === null ? target('end', 'end') : target(firstUnreadSeq, 'start'),
      })
    }
  }
  const value = await page(conversationId, { kind: 'first-unread' })
  if (value === null) return
  const { messages, hasOlder, hasNewer, firstUnreadSeq } = value
  put(conversationId, {
    messages,
    hasOlder,
    hasNewer,
    firstUnreadSeq,
    generation: (kept?.generation ?? 0) + 1,
    target: firstUnreadSeq === null ? target('end', 'end') : target(firstUnreadSeq, 'start'),
  })
}

/** Scrolls to a message, loading its surroundings where they are not there. */
export async function jumpToMessage(conversationId: number, seq: number): Promise<void> {
  const kept = useThreads.getState().byId.get(conversationId)
  if (kept?.messages.some((message) => message.seq === seq) === true) {
    update(conversationId, (thread) => ({ ...thread, target: target(seq, 'center', true) }))
    return
  }
  await replace(conversationId, { kind: 'around', seq }, target(seq, 'center', true))
}

/** Scrolls to the latest message. */
export async function jumpToLatest(conversationId: number): Promise<void> {
  const kept = useThreads.getState().byId.get(conversationId)
  if (kept !== undefined && !kept.hasNewer) {
    update(conversationId, (thread) => ({ ...thread, target: target('end', 'end') }))
    return
  }
  await replace(conversationId, { kind: 'newest' }, target('end', 'end'))
}

async function replace(
  conversationId: number,
  position: Parameters<typeof page>[1],
  to: ScrollTarget,
): Promise<void> {
  const value = await page(conversationId, position)
  if (value === null) return
  const before = useThreads.getState().byId.get(conversationId)
  put(conversationId, {
    messages: value.messages,
    hasOlder: value.hasOlder,
    hasNewer: value.hasNewer,
    firstUnreadSeq: before?.firstUnreadSeq ?? value.firstUnreadSeq,
    generation: (before?.generation ?? 0) + 1,
    target: to,
  })
}

/** Loads the page before what is there. */
export async function loadOlder(conversationId: number): Promise<void> {
  const thread = useThreads.getState().byId.get(conversationId)
  const first = thread?.messages[0]
  if (thread === undefined || first === undefined || !thread.hasOlder) return
  const value = await page(conversationId, { kind: 'before', seq: first.seq })
  if (value === null) return
  // Another stretch may have taken the place of this one meanwhile: there would be a hole between the two.
  update(conversationId, (now) =>
    now.messages[0]?.seq === first.seq ? prependPage(now, value) : now,
  )
  requestAnimationFrame(() => update(conversationId, (now) => trim(now, 'end')))
}

/** Loads the page after what is there. */
export async function loadNewer(conversationId: number): Promise<void> {
  const thread = useThreads.getState().byId.get(conversationId)
  const last = thread?.messages.at(-1)
  if (thread === undefined || last === undefined || !thread.hasNewer) return
  const value = await page(conversationId, { kind: 'after', seq: last.seq })
  if (value === null) return
  update(conversationId, (now) =>
    now.messages.at(-1)?.seq === last.seq ? appendPage(now, value) : now,
  )
  requestAnimationFrame(() => update(conversationId, (now) => trim(now, 'start')))
}

/** Takes in new messages of any conversation. */
export function addMessages(messages: readonly MessageView[]): void {
  for (const [id, rows] of byConversation(messages)) {
    update(id, (thread) => takeInAdded(thread, rows))
  }
}

/** Takes in changed messages of any conversation. */
export function changeMessages(messages: readonly MessageView[]): void {
  for (const [id, rows] of byConversation(messages)) {
    update(id, (thread) => mergeChanged(thread, rows))
  }
}

/** Takes a message away, or (`null`) all of a conversation. */
export function removeMessages(conversationId: number, seq: number | null): void {
  update(conversationId, (thread) => dropMessages(thread, seq))
}

/** Puts the unread divider above a message, or takes it away. */
export function setUnreadDivider(conversationId: number, seq: number | null): void {
  update(conversationId, (thread) =>
    thread.firstUnreadSeq === seq ? thread : { ...thread, firstUnreadSeq: seq },
  )
}

/** A loaded message, whichever conversation it belongs to; kept current. */
export function useLoadedMessage(seq: number): MessageView | null {
  return useThreads(({ byId }) => {
    for (const { messages } of byId.values()) {
      const found = messages.find((message) => message.seq === seq)
      if (found !== undefined) return found
    }
    return null
  })
}

/** The other side's name for a loaded message. */
export function useContactTitle(seq: number): string {
  const conversationId = useLoadedMessage(seq)?.conversationId
  return useConversations(({ byId }) => byId.get(conversationId ?? 0)?.contact.title ?? '')
}

function byConversation(messages: readonly MessageView[]): Map<number, MessageView[]> {
  return Map.groupBy(messages, ({ conversationId }) => conversationId)
}
