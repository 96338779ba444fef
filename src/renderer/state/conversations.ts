import { create } from 'zustand'
import type { ContactView, ConversationView } from '#ipc/views.ts'
import { call } from '../ipc/bridge.ts'

interface ConversationsStore {
  /** Whether the list has been read once. */
  readonly loaded: boolean
  readonly byId: ReadonlyMap<number, ConversationView>
  readonly openId: number | null
}

export const useConversations = create<ConversationsStore>(() => ({
  loaded: false,
  byId: new Map(),
  openId: null,
}))

/** One conversation, kept current. */
export function useConversation(id: number | null): ConversationView | null {
  return useConversations(({ byId }) => (id === null ? null : (byId.get(id) ?? null)))
}

/** A contact by id, kept current. */
export function useContact(contactId: number): ContactView | null {
  return useConversations(({ byId }) => {
    for (const { contact } of byId.values()) if (contact.id === contactId) return contact
    return null
  })
}

/** Replaces the whole list. */
export function setConversations(list: readonly ConversationView[]): void {
  useConversations.setState({ loaded: true, byId: new Map(list.map((row) => [row.id, row])) })
}

/** Takes in rows that are new or differ. */
export function mergeConversations(rows: readonly ConversationView[]): void {
  useConversations.setState(({ byId }) => {
    const next = new Map(byId)
    for (const row of rows) next.set(row.id, row)
    return { byId: next }
  })
}

/** Takes rows away; a removed conversation is also closed. */
export function dropConversations(ids: readonly number[]): void {
  useConversations.setState(({ byId, openId }) => {
    const next = new Map(byId)
    for (const id of ids) next.delete(id)
    return { byId: next, openId: openId !== null && next.has(openId) ? openId : null }
  })
}

/** Forgets everything, for a profile that was closed. */
export function resetConversations(): void {
  useConversations.setState({ loaded: false, byId: new Map(), openId: null })
}

/** Shows a conversation, or none, and remembers it for the next start. */
export function setOpenConversation(id: number | null): void {
  if (useConversations.getState().openId === id) return
  useConversations.setState({ openId: id })
  void call('window.setOpenConversation', { conversationId: id })
}

/** When something last happened in a conversation. */
export function lastActivityMs(row: ConversationView): number {
  return row.lastMessage?.storedAtMs ?? row.contact.createdAtMs
}

/** The order of the list: pinned first, then the latest. */
export function compareConversations(a: ConversationView, b: ConversationView): number {
  return Number(b.pinned) - Number(a.pinned) || lastActivityMs(b) - lastActivityMs(a) || b.id - a.id
}

/** The conversations of the main list, in its order: neither archived nor requests nor blocked. */
export function listedConversations(
  byId: ReadonlyMap<number, ConversationView>,
): ConversationView[] {
  return [...byId.values()].filter(isListed).sort(compareConversations)
}

/** Whether a conversation stands in the main list. */
export function isListed(row: ConversationView): boolean {
  return (
    !row.archived && row.contact.relation !== 'request-in' && row.contact.relation !== 'blocked'
  )
}
