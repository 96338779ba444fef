import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { ConversationView } from '#shared/views.ts'
import type { Context } from './context.ts'
import type { Conversation, ConversationId, MessageSeq } from './model.ts'
import { addNotice } from './notices.ts'
import { enqueue, takeBack } from './outbox.ts'
import { readSettings } from './settings.ts'
import { conversationView } from './view-mapping.ts'

/** Ids in one read receipt. */
const READ_RECEIPT_IDS = 100

/** What the user may change of a conversation. */
export type ConversationChange = Partial<
  Pick<
    Conversation,
    'pinned' | 'mutedUntilMs' | 'archived' | 'markedUnread' | 'signedMessages' | 'draft'
  >
>

/** All rows of the list: pinned first, then by last activity. */
export function listConversations(context: Context): ConversationView[] {
  return context.store.conversations.rows().map((row) => conversationView(context.store, row))
}

/** One row. */
export function getConversation(
  context: Context,
  id: ConversationId,
): Result<ConversationView, Failure<'NOT_FOUND'>> {
  const row = context.store.conversations.row(id)
  return row === null ? err(failure('NOT_FOUND')) : ok(conversationView(context.store, row))
}

/** Changes what the user may change; switching signed messages is told to the other side and noted. */
export function updateConversation(
  context: Context,
  id: ConversationId,
  change: ConversationChange,
): Result<ConversationView, Failure<'NOT_FOUND'>> {
  const row = context.store.conversations.row(id)
  if (row === null) return err(failure('NOT_FOUND'))
  context.commit((changes) => {
    context.store.conversations.update(id, change)
    changes.conversation(id)
    const { signedMessages } = change
    if (signedMessages !== undefined && signedMessages !== row.conversation.signedMessages) {
      addNotice(context, row.contact, signedMessages ? 'signed-messages-on' : 'signed-messages-off')
      if (row.contact.relation === 'accepted') {
        enqueue(context, row.contact, {
          sentAtMs: context.clock.nowMs(),
          signedMode: signedMessages,
        })
      }
    }
  })
  return getConversation(context, id)
}

/** Marks everything up to `seq` as read, and tells the other side where the settings allow. */
export function markRead(
  context: Context,
  id: ConversationId,
  seq: MessageSeq,
): Result<void, Failure<'NOT_FOUND'>> {
  const row = context.store.conversations.row(id)
  if (row === null) return err(failure('NOT_FOUND'))
  const { conversation, contact } = row
  const from = conversation.readUpTo ?? 0
  if (seq <= from && !conversation.markedUnread) return ok(undefined)
  const newlyRead =
    contact.relation === 'accepted' && readSettings(context.store.settings).readReceipts
      ? context.store.messages.idsOfTheirs(id, conversation.readUpTo, seq)
      : []
  context.commit((changes) => {
    const readUpTo = Math.max(from, seq) as MessageSeq
    context.store.conversations.update(id, { readUpTo, markedUnread: false })
    changes.conversation(id)
    for (let start = 0; start < newlyRead.length; start += READ_RECEIPT_IDS) {
      enqueue(context, contact, {
        sentAtMs: context.clock.nowMs(),
        receipts: {
          delivered: [],
          read: newlyRead.slice(start, start + READ_RECEIPT_IDS),
          envelopes: [],
        },
      })
    }
  })
  return ok(undefined)
}

/** Deletes all messages of a conversation on this device; those that still wait are not sent. */
export function clearConversation(
  context: Context,
  id: ConversationId,
): Result<void, Failure<'NOT_FOUND'>> {
  const { store } = context
  const conversation = store.conversations.get(id)
  if (conversation === null) return err(failure('NOT_FOUND'))
  context.commit((changes) => {
    const waiting = store.outbox
      .list()
      .filter((item) => item.contactId === conversation.contactId && item.messageSeq !== null)
    takeBack(context, waiting)
    store.messages.removeAll(id)
    changes.messageRemoved(id, null)
  })
  return ok(undefined)
}
