import type { Context } from './context.ts'
import type { Contact } from './model.ts'
import { addNotice, conversationOf } from './notices.ts'
import { enqueue } from './outbox.ts'
import { askForUntaken } from './untaken-texts.ts'

/** Ids in one receipt. */
const RECEIPT_IDS = 100

/**
 * Accepts a request, if it is one: from now on both can write, what came so far is receipted, and
 * what was not taken so far is asked for.
 */
export function acceptRequest(context: Context, contact: Contact): void {
  if (contact.relation !== 'request-in') return
  context.commit((changes) => {
    const accepted = context.store.contacts.update(contact.id, { relation: 'accepted' })
    addNotice(context, accepted, 'request-accepted')
    changes.conversation(conversationOf(context, accepted).id)
    receiptAll(context, accepted)
    askForUntaken(context, accepted)
  })
}

function receiptAll(context: Context, contact: Contact): void {
  const { messages } = context.store
  const { id: conversationId } = conversationOf(context, contact)
  const newest = messages.page({ conversationId, position: { kind: 'newest' }, limit: 1 })
  const last = newest.messages.at(-1)
  if (last === undefined) return
  const ids = messages.idsOfTheirs(conversationId, null, last.seq)
  for (let start = 0; start < ids.length; start += RECEIPT_IDS) {
    const delivered = ids.slice(start, start + RECEIPT_IDS)
    enqueue(context, contact, {
      sentAtMs: context.clock.nowMs(),
      receipts: { delivered, read: [], envelopes: [] },
    })
  }
}
