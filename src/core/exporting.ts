import type { Context } from './context.ts'

/** One line of a readable export. */
export type ExportedLine =
  | {
      readonly type: 'account'
      readonly address: string
      readonly displayName: string
      readonly exportedAt: string
    }
  | { readonly type: 'conversation'; readonly address: string; readonly name: string }
  | {
      readonly type: 'message'
      readonly address: string
      readonly author: 'me' | 'them'
      readonly sentAt: string
      readonly state: string
      readonly text: string
    }

/** Walks through all conversations and their messages, oldest first, without holding them in memory. */
export function* exportConversations(context: Context): IterableIterator<ExportedLine> {
  const { store, clock } = context
  const { address, displayName } = context.account()
  yield { type: 'account', address, displayName, exportedAt: isoTime(clock.nowMs()) }
  for (const { conversation, contact } of store.conversations.rows()) {
    const name = contact.petname || contact.displayName
    yield { type: 'conversation', address: contact.address, name }
    for (const message of store.messages.iterate(conversation.id)) {
      if (message.kind !== 'text') continue
      yield {
        type: 'message',
        address: contact.address,
        author: message.author,
        sentAt: isoTime(message.sentAtMs),
        state: message.state,
        text: message.text,
      }
    }
  }
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
