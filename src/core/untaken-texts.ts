import { INVITE_USES } from './token-upkeep.ts'
import type { Context } from './context.ts'
import type { Contact } from './model.ts'
import { enqueue } from './outbox.ts'
import type { IncomingEnvelope } from './ports.ts'

// Who asks to write brings no text (decision 0003), but may not know that they ask: somebody else has used their link
// before, or it has run out. Their texts are asked for again once they are accepted (PROTOCOL §14.3).

/** Remembers that an envelope holds a text that is not taken: its id, and nothing of what it holds. */
export function rememberUntaken(
  { store, clock }: Context,
  contact: Contact,
  { envelopeId, label, relayedAtMs }: IncomingEnvelope,
): void {
  // More than a link lets anybody send.
  if (store.inbox.listHeld('untaken', contact.id).length >= INVITE_USES) return
  store.inbox.hold({
    envelopeId,
    label,
    envelope: new Uint8Array(0),
    receivedAtMs: clock.nowMs(),
    relayedAtMs,
    status: 'untaken',
    errorCode: null,
    contactId: contact.id,
    messageSeq: null,
  })
}

/** Asks a contact, who has just been accepted or unblocked, for the texts that were not taken before. */
export function askForUntaken(context: Context, contact: Contact): void {
  const { inbox } = context.store
  const envelopeIds = inbox.listHeld('untaken', contact.id).map(({ envelopeId }) => envelopeId)
  if (envelopeIds.length === 0) return
  for (const envelopeId of envelopeIds) inbox.release(envelopeId)
  enqueue(context, contact, {
    sentAtMs: context.clock.nowMs(),
    resendRequest: { envelopeIds, nothingToResend: [] },
  })
}
