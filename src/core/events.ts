import type {
  AccountView,
  ConnectionView,
  ConversationView,
  MessageView,
  RelayTrustView,
  SettingsView,
} from '#shared/views.ts'
import type { ConversationId, MessageSeq } from './model.ts'

/** What a client tells its shell, by name. Lists are coalesced: one event per transaction. */
export interface ClientEvents {
  'connection.changed': ConnectionView
  'account.changed': AccountView
  'settings.changed': SettingsView
  'conversations.changed': ConversationView[]
  'conversations.removed': ConversationId[]
  'messages.added': MessageView[]
  'messages.changed': MessageView[]
  /** All relays that are not trusted. */
  'relays.changed': RelayTrustView[]
  /** `seq` is `null` where all messages of the conversation went. */
  'messages.removed': { conversationId: ConversationId; seq: MessageSeq | null }[]
}

export type ClientEventName = keyof ClientEvents

type Listeners = {
  [Name in ClientEventName]: Set<(payload: ClientEvents[Name]) => void>
}

/** Typed events; listeners run in the order in which they were added. */
export class Events {
  readonly #listeners: Listeners = {
    'connection.changed': new Set(),
    'account.changed': new Set(),
    'settings.changed': new Set(),
    'conversations.changed': new Set(),
    'conversations.removed': new Set(),
    'messages.added': new Set(),
    'messages.changed': new Set(),
    'messages.removed': new Set(),
    'relays.changed': new Set(),
  }

  /** Returns the function that stops listening. */
  on<Name extends ClientEventName>(
    name: Name,
    listener: (payload: ClientEvents[Name]) => void,
  ): () => void {
    this.#listeners[name].add(listener)
    return () => this.#listeners[name].delete(listener)
  }

  emit<Name extends ClientEventName>(name: Name, payload: ClientEvents[Name]): void {
    for (const listener of this.#listeners[name]) listener(payload)
  }
}
