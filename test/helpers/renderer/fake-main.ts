import * as v from 'valibot'
import {
  type Bridge,
  type CallInput,
  type CallName,
  CALLS,
  type CallOutcome,
  type CallOutput,
  type EventName,
  type EventPayload,
} from '#ipc/contract.ts'
import type { ErrorCode } from '#shared/errors.ts'
import type { ContactView, ConversationView, MessageView } from '#shared/views.ts'
import { Refusal } from './refusal.ts'
import type { Scenario } from './scenarios.ts'

/** How a scripted main process answers each call: a value, or a thrown `Refusal`. */
export type Answers = {
  readonly [Name in CallName]: (main: FakeMain, input: CallInput<Name>) => CallOutput<Name>
}

/**
 * A main process that lives in the page: it answers the whole contract from memory, checks each input and each
 * answer against the contract's schemas, and lets a spec play the other side and the network.
 */
export class FakeMain {
  readonly state: Scenario
  /** The calls made so far, for specs that assert what the interface asked for. */
  readonly calls: { readonly name: CallName; readonly input: unknown }[] = []
  /** Codes the next calls of a name fail with. */
  readonly failures = new Map<CallName, ErrorCode>()
  #seq: number
  readonly #answers: Answers
  readonly #listeners = new Map<EventName, Set<(payload: never) => void>>()

  constructor(scenario: Scenario, answers: Answers) {
    this.state = scenario
    this.#answers = answers
    this.#seq = [...scenario.messages.values()].reduce((sum, list) => sum + list.length, 0) + 1
  }

  bridge(): Bridge {
    return {
      call: async (name, input) => this.#answer(name, input),
      on: (name, listener) => {
        const listeners = this.#listeners.get(name) ?? new Set()
        this.#listeners.set(name, listeners.add(listener))
        return () => listeners.delete(listener)
      },
    }
  }

  emit<Name extends EventName>(name: Name, payload: EventPayload<Name>): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      ;(listener as (payload: EventPayload<Name>) => void)(structuredClone(payload))
    }
  }

  async #answer<Name extends CallName>(
    name: Name,
    input: CallInput<Name>,
  ): Promise<CallOutcome<Name>> {
    // Never in the same turn, as between processes.
    await Promise.resolve()
    this.calls.push({ name, input })
    const failing = this.failures.get(name)
    try {
      if (failing !== undefined) throw new Refusal(failing)
      const { input: inputSchema, output: outputSchema } = CALLS[name]
      const parsed = v.parse(inputSchema, input) as CallInput<Name>
      const value = this.#answers[name](this, parsed)
      return {
        ok: true,
        value: v.parse(outputSchema, structuredClone(value)) as CallOutput<Name>,
      }
    } catch (problem) {
      if (problem instanceof Refusal) {
        return { ok: false, error: { code: problem.code } } as CallOutcome<Name>
      }
      throw new TypeError(`${name} broke the contract`, { cause: problem })
    }
  }

  conversation(id: number): ConversationView {
    const found = this.state.conversations.find((row) => row.id === id)
    if (found === undefined) throw new Refusal('NOT_FOUND')
    return found
  }

  contact(id: number): ContactView {
    const found = this.state.conversations.find((row) => row.contact.id === id)
    if (found === undefined) throw new Refusal('CONTACT_UNKNOWN')
    return found.contact
  }

  message(seq: number): MessageView {
    for (const list of this.state.messages.values()) {
      const found = list.find((message) => message.seq === seq)
      if (found !== undefined) return found
    }
    throw new Refusal('NOT_FOUND')
  }

  changeConversation(id: number, change: Partial<ConversationView>): ConversationView {
    const changed = { ...this.conversation(id), ...change }
    this.state.conversations = this.state.conversations.map((row) =>
      row.id === id ? changed : row,
    )
    this.emit('conversations.changed', [changed])
    return changed
  }

  changeContact(id: number, change: Partial<ContactView>): ContactView {
    const before = this.contact(id)
    const changed = { ...before, ...change }
    this.changeConversation(before.conversationId, { contact: changed })
    return changed
  }

  /** Stores a message, tells of it and of its conversation. */
  addMessage(conversationId: number, change: Partial<MessageView>): MessageView {
    const atMs = Date.now()
    const author = change.author ?? 'them'
    const message: MessageView = {
      seq: this.#seq,
      conversationId,
      author,
      kind: 'text',
      text: '',
      notice: null,
      sentAtMs: atMs,
      storedAtMs: atMs,
      state: author === 'me' ? 'waiting' : 'received',
      errorCode: null,
      replyTo: null,
      signature: 'none',
      ...change,
    }
    this.#seq += 1
    const list = this.state.messages.get(conversationId) ?? []
    this.state.messages.set(conversationId, [...list, message])
    this.emit('messages.added', [message])
    const { unreadCount } = this.conversation(conversationId)
    this.changeConversation(conversationId, {
      lastMessage: message,
      unreadCount: unreadCount + (author === 'them' && message.kind !== 'notice' ? 1 : 0),
    })
    return message
  }

  changeMessage(seq: number, change: Partial<MessageView>): MessageView {
    const changed = { ...this.message(seq), ...change }
    const list = this.state.messages.get(changed.conversationId) ?? []
    this.state.messages.set(
      changed.conversationId,
      list.map((message) => (message.seq === seq ? changed : message)),
    )
    this.emit('messages.changed', [changed])
    return changed
  }

  removeConversation(id: number): void {
    this.state.conversations = this.state.conversations.filter((row) => row.id !== id)
    this.state.messages.delete(id)
    this.emit('conversations.removed', [id])
  }
}
