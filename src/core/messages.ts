import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { MessagePageView, MessageView, SearchHitView } from '#shared/views.ts'
import { excerptOf, isTextSendable, MESSAGE_ID_BYTES, type TextContent } from '#protocol/content.ts'
import { acceptRequest } from './accepting-request.ts'
import type { Context } from './context.ts'
import type { Contact, ConversationId, Message, MessageSeq } from './model.ts'
import { enqueue, takeBack } from './outbox.ts'
import type { MessagePageQuery } from './ports.ts'
import { messageView, titleOf } from './view-mapping.ts'

export interface MessagePageWithUnread extends MessagePageView {
  /** Where the unread divider goes. */
  firstUnreadSeq: MessageSeq | null
}

export type PagePosition = MessagePageQuery['position'] | { readonly kind: 'first-unread' }

/** A page of a conversation, oldest first. */
export function pageOfMessages(
  context: Context,
  conversationId: ConversationId,
  position: PagePosition,
  limit: number,
): Result<MessagePageWithUnread, Failure<'NOT_FOUND'>> {
  const { store } = context
  if (store.conversations.get(conversationId) === null) return err(failure('NOT_FOUND'))
  const firstUnreadSeq = store.messages.firstUnread(conversationId)
  const page = store.messages.page({
    conversationId,
    limit,
    position:
      position.kind !== 'first-unread'
        ? position
        : firstUnreadSeq === null
          ? { kind: 'newest' }
          : { kind: 'around', seq: firstUnreadSeq },
  })
  return ok({
    messages: page.messages.map((message) => messageView(store, message)),
    hasOlder: page.hasOlder,
    hasNewer: page.hasNewer,
    firstUnreadSeq,
  })
}

type WriteRefusal = Failure<'NOT_FOUND' | 'CONTACT_BLOCKED' | 'CONTACT_IDENTITY_CHANGED'>

/** Whether writing to the conversation's contact is possible now. */
function writableContact(
  context: Context,
  conversationId: ConversationId,
): Result<{ contact: Contact; signed: boolean }, WriteRefusal> {
  const row = context.store.conversations.row(conversationId)
  if (row === null) return err(failure('NOT_FOUND'))
  if (row.contact.relation === 'blocked') return err(failure('CONTACT_BLOCKED'))
  if (row.contact.changedSigningKey !== null) return err(failure('CONTACT_IDENTITY_CHANGED'))
  return ok({ contact: row.contact, signed: row.conversation.signedMessages })
}

/**
 * Writes a message. On success it is durable here, together with its sealed envelope where a session is there;
 * it is shown as waiting until the receiver's relay has it.
 */
export function sendMessage(
  context: Context,
  conversationId: ConversationId,
  text: string,
  replyToSeq: MessageSeq | null,
): Result<MessageView, WriteRefusal | Failure<'MESSAGE_TOO_LONG'>> {
  const writable = writableContact(context, conversationId)
  if (!writable.ok) return writable
  if (!isTextSendable(text)) return err(failure('MESSAGE_TOO_LONG'))
  const original = replyToSeq === null ? null : context.store.messages.get(replyToSeq)
  if (replyToSeq !== null && original?.conversationId !== conversationId) {
    return err(failure('NOT_FOUND'))
  }
  const { contact, signed } = writable.value
  const message = context.commit((changes) => {
    // Who writes to a request has accepted it.
    acceptRequest(context, contact)
    const now = context.clock.nowMs()
    const stored = context.store.messages.add({
      conversationId,
      id: context.random(MESSAGE_ID_BYTES),
      author: 'me',
      kind: 'text',
      text,
      sentAtMs: now,
      storedAtMs: now,
      state: 'waiting',
      errorCode: null,
      replyTo: original && {
        messageId: original.id,
        author: original.author,
        excerpt: excerptOf(original.text),
      },
      signature: signed ? 'valid' : 'none',
    })
    if (stored === null) throw new Error('a random message id was used before')
    context.store.conversations.update(conversationId, { draft: '', archived: false })
    enqueue(context, contact, { sentAtMs: now, text: textContentOf(stored) }, stored.seq)
    changes.messageAdded(conversationId, stored.seq)
    return stored
  })
  return ok(messageView(context.store, message))
}

/** The wire form of a message of ours. */
export function textContentOf(message: Message, resentFor?: Uint8Array): TextContent {
  const { replyTo } = message
  return {
    messageId: message.id,
    text: message.text,
    ...(replyTo && {
      replyTo: {
        messageId: replyTo.messageId,
        byReceiver: replyTo.author === 'them',
        excerpt: replyTo.excerpt,
      },
    }),
    ...(resentFor && { resentFor }),
  }
}

/** Puts a failed message on its way again. */
export function retryMessage(context: Context, seq: MessageSeq): Result<MessageView, WriteRefusal> {
  const message = context.store.messages.get(seq)
  if (message === null || message.author !== 'me' || message.state !== 'failed') {
    return err(failure('NOT_FOUND'))
  }
  const writable = writableContact(context, message.conversationId)
  if (!writable.ok) return writable
  context.commit((changes) => {
    context.store.messages.resetFailed(seq)
    enqueue(
      context,
      writable.value.contact,
      { sentAtMs: message.sentAtMs, text: textContentOf(message) },
      seq,
    )
    changes.messageChanged(message.conversationId, seq)
  })
  const retried = context.store.messages.get(seq)
  return retried === null ? err(failure('NOT_FOUND')) : ok(messageView(context.store, retried))
}

/** Deletes one message on this device; one that still waits is not sent. */
export function removeMessage(
  context: Context,
  seq: MessageSeq,
): Result<void, Failure<'NOT_FOUND'>> {
  const message = context.store.messages.get(seq)
  if (message === null) return err(failure('NOT_FOUND'))
  context.commit((changes) => {
    takeBack(context, context.store.outbox.byMessage(seq))
    context.store.messages.remove(seq)
    changes.messageRemoved(message.conversationId, seq)
  })
  return ok(undefined)
}

/** Messages that have all the words, newest first. */
export function searchMessages(
  context: Context,
  query: {
    readonly text: string
    readonly conversationId: ConversationId | null
    readonly beforeSeq: MessageSeq | null
    readonly limit: number
  },
): SearchHitView[] {
  const { store } = context
  const titles = new Map<ConversationId, string>()
  return store.messages.search(query).map((hit) => {
    let title = titles.get(hit.conversationId)
    if (title === undefined) {
      const row = store.conversations.row(hit.conversationId)
      title = row === null ? '' : titleOf(row.contact)
      titles.set(hit.conversationId, title)
    }
    return {
      message: messageView(store, hit.message),
      title,
      ranges: hit.ranges.map(([start, end]): [number, number] => [start, end]),
    }
  })
}
