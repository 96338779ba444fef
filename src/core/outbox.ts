import { encodeContent, ENVELOPE_ID_BYTES, type Content } from '#protocol/content.ts'
import type { Context } from './context.ts'
import type { Contact, MessageSeq, OutboxItem } from './model.ts'
import { sealItem } from './sessions.ts'

/** The device a contact's messages go to: one device works in this version of the protocol. */
export const PRIMARY_DEVICE_ID = 1

/**
 * Puts content on its way to a contact. Inside the caller's transaction the content, the advanced session and
 * the sealed envelope become durable together; where no session is there yet, the content waits for one.
 */
export function enqueue(
  context: Context,
  contact: Contact,
  content: Content,
  messageSeq: MessageSeq | null = null,
): void {
  context.commit(() => {
    const item = {
      envelopeId: context.random(ENVELOPE_ID_BYTES),
      contactId: contact.id,
      deviceId: PRIMARY_DEVICE_ID,
      messageSeq,
      content: encodeContent(content),
      envelope: null,
      awaitsReceipt: false,
      createdAtMs: context.clock.nowMs(),
    }
    context.store.outbox.add(item)
    const session = context.sessions.current(contact.id, PRIMARY_DEVICE_ID)
    if (session !== null) sealItem(context, contact, session, item)
  })
}

/** Takes messages out of the outbox. What was sealed with them may have been our token: the contact is told it anew. */
export function takeBack(context: Context, items: readonly OutboxItem[]): void {
  const { outbox, contacts } = context.store
  context.commit(() => {
    for (const { envelopeId, contactId, envelope } of items) {
      outbox.remove(envelopeId)
      if (envelope !== null) contacts.update(contactId, { inboundTokenGranted: false })
    }
  })
}
