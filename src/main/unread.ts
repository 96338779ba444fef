import type { ConversationView } from '#shared/views.ts'

/** Counts what waits to be read, kept up to date by events instead of asking the store again. */
export class UnreadCount {
  readonly #counts = new Map<number, number>()

  /** Takes rows that are new or differ; muted, archived and blocked ones do not count. */
  update(conversations: readonly ConversationView[], nowMs: number): void {
    for (const conversation of conversations) {
      const isQuiet =
        conversation.mutedUntilMs > nowMs ||
        conversation.archived ||
        conversation.contact.relation === 'blocked'
      const count =
        conversation.unreadCount > 0 ? conversation.unreadCount : Number(conversation.markedUnread)
      if (isQuiet || count === 0) this.#counts.delete(conversation.id)
      else this.#counts.set(conversation.id, count)
    }
  }

  remove(conversationIds: readonly number[]): void {
    for (const id of conversationIds) this.#counts.delete(id)
  }

  clear(): void {
    this.#counts.clear()
  }

  total(): number {
    let total = 0
    for (const count of this.#counts.values()) total += count
    return total
  }
}
