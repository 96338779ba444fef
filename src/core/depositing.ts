import type { ErrorCode, Failure } from '#shared/errors.ts'
import { ERRORS } from '#shared/errors.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { deliver } from './delivering.ts'
import { identityChanged } from './identity-change.ts'
import { lookUpSigningKey } from './identity-lookup.ts'
import type { JobOutcome } from './job.ts'
import type { Contact, ContactId, OutboxItem } from './model.ts'
import { enqueue, takeBack } from './outbox.ts'
import { isDistrusted } from './relay-logs.ts'
import { keepUnconfirmed } from './redepositing.ts'
import { waitForReceiverMs } from './relay-eras.ts'
import { establishSession, sealItem } from './sessions.ts'
import { forgetSpareLink, useSpareLink } from './spare-links.ts'

const IDLE: JobOutcome = { kind: 'idle' }

/**
 * Deposits what waits for one contact, in order, one at a time, until nothing is left or something is in the way.
 * Each item leaves the outbox only after the receiver's relay has said that it is durable there; until the receiver
 * has said so too, it is kept (`redepositing.ts`).
 */
export async function depositWaiting(context: Context, contactId: ContactId): Promise<JobOutcome> {
  for (;;) {
    const contact = context.store.contacts.get(contactId)
    if (contact === null || context.store.outbox.next(contactId) === null) return IDLE
    if (contact.relation === 'blocked') {
      context.commit(() => context.store.outbox.removeForContact(contactId))
      return IDLE
    }
    // Waits for the user to look at what the relay did.
    if (isDistrusted(context, hostOf(contact.address))) return IDLE
    // Waits for the user to look at changed keys, or for the other side to accept.
    if (contact.changedSigningKey !== null) return IDLE
    const item = nextItem(context, contact)
    if (item === null) return IDLE

    if (item.envelope === null) {
      const sealed = await sealWaiting(context, contact, item)
      if (sealed !== null) return sealed
      continue
    }
    const outcome = await depositOne(context, contact, item, item.envelope)
    if (outcome !== null) return outcome
  }
}

/** What can be deposited for a contact now. */
function nextItem(context: Context, contact: Contact): OutboxItem | null {
  const { outbox } = context.store
  if (contact.outboundToken !== null) return outbox.next(contact.id)
  // A knock carries our profile and a token for the answer, and never a text (decision 0003).
  const mayKnock =
    contact.relation === 'request-out' && !contact.knocked && contact.inboundTokenRegistered
  if (!mayKnock) return null
  const find = () =>
    outbox.list().find((item) => item.contactId === contact.id && item.messageSeq === null) ?? null
  if (find() === null) enqueue(context, contact, { sentAtMs: context.clock.nowMs() })
  return find()
}

/** Seals an item that had no session; `null` where it is sealed now. */
async function sealWaiting(
  context: Context,
  contact: Contact,
  item: OutboxItem,
): Promise<JobOutcome | null> {
  if (context.sessions.current(contact.id, item.deviceId) === null) {
    const established = await establishSession(context, contact, item.deviceId)
    if (!established.ok) return giveUpOrRetry(context, contact, item, established.error)
  }
  context.commit(() => {
    const current = context.store.outbox.get(item.envelopeId)
    const session = context.sessions.current(contact.id, item.deviceId)
    if (current && session) sealItem(context, contact, session, current)
  })
  return null
}

/** Deposits one envelope; `null` where the queue goes on. */
async function depositOne(
  context: Context,
  contact: Contact,
  item: OutboxItem,
  envelope: Uint8Array,
): Promise<JobOutcome | null> {
  const { envelopeId, deviceId } = item
  const isKnock = contact.outboundToken === null
  const deposited = await deliver(context, contact, { envelopeId, deviceId, envelope })
  if (deposited.ok) {
    context.commit((changes) => {
      const { store } = context
      // Deleted meanwhile; or new keys were accepted: what has arrived is sealed for the old ones, and goes once more.
      const current = store.outbox.get(envelopeId)
      if (current === null) return
      store.outbox.remove(envelopeId)
      if (contact.outboundTokenKind === 'grant') forgetSpareLink(context, contact.id)
      if (current.awaitsReceipt) keepUnconfirmed(context, item, envelope)
      store.traces.setRelayedAt(envelopeId, context.clock.nowMs())
      if (isKnock) store.contacts.update(contact.id, { knocked: true })
      if (item.messageSeq !== null && store.messages.advanceState(item.messageSeq, 'sent')) {
        const message = store.messages.get(item.messageSeq)
        if (message) changes.messageChanged(message.conversationId, message.seq)
      }
    })
    return null
  }
  if (deposited.error.code === 'DELIVERY_REFUSED') return refused(context, contact, item)
  return giveUpOrRetry(context, contact, item, deposited.error)
}

/**
 * The token is not taken any more. The account may be a new one under the old name (its keys tell), the invite may have
 * run out (then we knock), or the contact has withdrawn the token (then a link that they gave us since may do).
 */
async function refused(
  context: Context,
  contact: Contact,
  item: OutboxItem,
): Promise<JobOutcome | null> {
  const lookup = await lookUpSigningKey(context, contact.address)
  const current = context.store.contacts.get(contact.id)
  if (current === null) return IDLE
  if (lookup.ok && !equalPublicBytes(lookup.value, current.signingKey)) {
    identityChanged(context, current, lookup.value)
    return IDLE
  }
  // Another token came meanwhile, or new keys were accepted: it was not that one which was refused.
  if (!isTokenOf(current, contact.outboundToken)) return null
  if (!lookup.ok && lookup.error.code === 'RELAY_DISTRUSTED') return IDLE
  if (!lookup.ok && ERRORS[lookup.error.code].retry === 'later') return { kind: 'failed' }
  if (lookup.ok && useSpareLink(context, current)) return null
  const waitMs = waitForReceiverMs(context, hostOf(contact.address))
  if (waitMs !== null) return { kind: 'failed', retryAfterMs: waitMs }
  if (lookup.ok && current.outboundTokenKind === 'invite') {
    context.commit(() => {
      context.store.contacts.update(contact.id, {
        outboundToken: null,
        outboundTokenKind: null,
        relation: 'request-out',
        knocked: false,
      })
    })
    return null
  }
  giveUp(context, item, lookup.ok ? 'DELIVERY_REFUSED' : lookup.error.code)
  return null
}

function isTokenOf({ outboundToken }: Contact, token: Uint8Array | null): boolean {
  return outboundToken && token ? equalPublicBytes(outboundToken, token) : outboundToken === token
}

function giveUpOrRetry(
  context: Context,
  contact: Contact,
  item: OutboxItem,
  error: Failure<ErrorCode>,
): JobOutcome | null {
  // The user has something to look at first.
  if (error.code === 'CONTACT_IDENTITY_CHANGED' || error.code === 'RELAY_DISTRUSTED') return IDLE
  if (error.code === 'ACCOUNT_UNKNOWN') {
    const waitMs = waitForReceiverMs(context, hostOf(contact.address))
    if (waitMs !== null) return { kind: 'failed', retryAfterMs: waitMs }
  }
  if (ERRORS[error.code].retry === 'never') {
    giveUp(context, item, error.code)
    return null
  }
  return {
    kind: 'failed',
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  }
}

/** Takes an item out of the outbox for good; its message is shown as failed and can be retried by the user. */
function giveUp(context: Context, item: OutboxItem, code: ErrorCode): void {
  context.log.warn('deposit.given-up', { code })
  context.commit((changes) => {
    const { store } = context
    // New keys were accepted meanwhile: it goes to those.
    if (store.outbox.get(item.envelopeId) === null) return
    if (item.messageSeq === null) {
      // Not `takeBack`: a token that is refused would be sent again and again.
      store.outbox.remove(item.envelopeId)
      return
    }
    takeBack(context, [item])
    if (store.messages.advanceState(item.messageSeq, 'failed', code)) {
      const message = store.messages.get(item.messageSeq)
      if (message) changes.messageChanged(message.conversationId, message.seq)
    }
  })
}
