import type { Events } from './events.ts'
import type { ConversationId, MessageSeq } from './model.ts'
import type { Store } from './ports.ts'
import { conversationView, messageView } from './view-mapping.ts'

/** What one transaction has touched; told to the shell once it is durable. */
export class Changes {
  readonly #conversations = new Set<ConversationId>()
  readonly #removedConversations = new Set<ConversationId>()
  readonly #added = new Set<MessageSeq>()
  readonly #changed = new Set<MessageSeq>()
  readonly #removed: { conversationId: ConversationId; seq: MessageSeq | null }[] = []

  conversation(id: ConversationId): void {
    this.#conversations.add(id)
  }

  conversationRemoved(id: ConversationId): void {
    this.#removedConversations.add(id)
    this.#conversations.delete(id)
  }

  messageAdded(conversationId: ConversationId, seq: MessageSeq): void {
    this.#added.add(seq)
    this.#conversations.add(conversationId)
  }

  messageChanged(conversationId: ConversationId, seq: MessageSeq): void {
    this.#changed.add(seq)
    this.#conversations.add(conversationId)
  }

  messageRemoved(conversationId: ConversationId, seq: MessageSeq | null): void {
    this.#removed.push({ conversationId, seq })
    this.#conversations.add(conversationId)
  }

  /** Reads what was touched as it is now, and tells it: messages first, then the rows of the list. */
  emit(store: Store, events: Events): void {
    const messages = (seqs: Iterable<MessageSeq>) =>
      [...seqs]
        .map((seq) => store.messages.get(seq))
        .filter((message) => message !== null)
        .map((message) => messageView(store, message))
    const added = messages(this.#added)
    const changed = messages([...this.#changed].filter((seq) => !this.#added.has(seq)))
    const rows = [...this.#conversations]
      .map((id) => store.conversations.row(id))
      .filter((row) => row !== null)
    if (added.length > 0) events.emit('messages.added', added)
    if (changed.length > 0) events.emit('messages.changed', changed)
    if (this.#removed.length > 0) events.emit('messages.removed', this.#removed)
    if (rows.length > 0) {
      events.emit(
        'conversations.changed',
        rows.map((row) => conversationView(store, row)),
      )
    }
    if (this.#removedConversations.size > 0) {
      events.emit('conversations.removed', [...this.#removedConversations])
    }
  }
}
