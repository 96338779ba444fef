import { ERRORS, type ErrorCode } from '#shared/errors.ts'
import { hostOf } from '#protocol/address.ts'
import { ENVELOPE_ID_BYTES } from '#protocol/content.ts'
import type { Context } from './context.ts'
import { deliver } from './delivering.ts'
import { envelopeHash } from './envelope-hash.ts'
import type { JobOutcome } from './job.ts'
import type { OutboxItem, UnconfirmedEnvelope } from './model.ts'
import { isDistrusted } from './relay-logs.ts'

const HOUR_MS = 3_600_000
/** The first repetition; each later one takes four times as long: 1 h, 5 h, 21 h, 3.5 d, 14 d after the deposit. */
const FIRST_REPEAT_MS = HOUR_MS
const GROWTH = 4
/** A relay keeps what was deposited last for 30 days more, and a receiver knows it for 60. */
const KEPT_MS = 28 * 24 * HOUR_MS
const KEPT_BYTES = 64 * 1024 * 1024
const AT_ONCE = 100
const AFTER_FAILURE_MS = 15 * 60_000
/** Also how long a token's bucket at the relay takes to fill up. */
const AFTER_LIMIT_MS = 60_000
const SHORTEST_WAIT_MS = 1_000

/** Keeps an envelope that has just been deposited until its receipt comes, inside the caller's transaction. */
export function keepUnconfirmed(
  context: Context,
  { envelopeId, contactId, deviceId, messageSeq, content }: OutboxItem,
  envelope: Uint8Array,
): void {
  const { store, clock } = context
  const state = messageSeq === null ? null : store.messages.get(messageSeq)?.state
  // The receipt was quicker than the relay's answer.
  if (state === 'delivered' || state === 'read') return
  const nowMs = clock.nowMs()
  store.unconfirmed.add({
    envelopeId,
    hash: envelopeHash(envelope),
    contactId,
    deviceId,
    messageSeq,
    content,
    envelope,
    depositedAtMs: nowMs,
    repeats: 0,
    dueAtMs: nowMs + untilRepeat(context, 0),
    overdue: false,
  })
}

/**
 * Deposits again what has no receipt after a time (PROTOCOL §14.6): a relay may have lost it, by a restored backup for
 * example, whatever it has said. The id makes it harmless where it has not.
 */
export async function depositAgain(context: Context): Promise<JobOutcome> {
  const { store, clock } = context
  store.unconfirmed.prune(clock.nowMs() - KEPT_MS, KEPT_BYTES)
  /** Relays and contacts that take no more for now, and for how long. */
  const waits = new Map<string | number, number>()
  for (const kept of store.unconfirmed.due(clock.nowMs(), AT_ONCE)) {
    const contact = store.contacts.get(kept.contactId)
    if (contact === null || store.unconfirmed.get(kept.envelopeId) === null) continue
    const host = hostOf(contact.address)
    const waitMs = waits.get(host) ?? waits.get(contact.id)
    // The user has something to look at first, as in the outbox.
    const isStopped = contact.changedSigningKey !== null || isDistrusted(context, host)
    if (waitMs !== undefined || isStopped) {
      postpone(context, kept, waitMs ?? HOUR_MS)
      continue
    }
    const isUnheard = contact.outboundToken === null && kept.repeats > 0
    const renamed = kept.overdue || isUnheard ? underNewId(context, kept) : kept
    const deposited = await deliver(context, contact, renamed)
    if (deposited.ok || isRefusal(deposited.error.code)) {
      noteRepeat(context, renamed)
    } else if (ERRORS[deposited.error.code].retry !== 'later') {
      context.log.warn('redeposit.given-up', { code: deposited.error.code })
      store.unconfirmed.remove(renamed.envelopeId)
    } else {
      const { code, retryAfterMs = 0 } = deposited.error
      const isOnlyThis = code === 'RATE_LIMITED' || code === 'MAILBOX_FULL'
      const afterMs = Math.max(
        retryAfterMs,
        code === 'RATE_LIMITED' ? AFTER_LIMIT_MS : AFTER_FAILURE_MS,
      )
      waits.set(isOnlyThis ? contact.id : host, afterMs)
      postpone(context, renamed, afterMs)
    }
  }
  const nextMs = store.unconfirmed.nextDueMs() ?? Infinity
  const dueInMs = Math.max(nextMs - clock.nowMs(), SHORTEST_WAIT_MS)
  return { kind: 'again', afterMs: Math.min(dueInMs, HOUR_MS) }
}

/** The token may be registered again soon, the account too. */
function isRefusal(code: ErrorCode): boolean {
  return code === 'DELIVERY_REFUSED' || code === 'ACCOUNT_UNKNOWN'
}

/**
 * An envelope that its receiver should have confirmed by now goes under a new id: the relay would say of the old one that
 * it knows it, while the receipt is what was lost. So does a knock that nothing has come of: its receiver may have let it go
 * as our relay did not know us for a moment. The receiver knows envelopes by their bytes, and confirms again.
 */
function underNewId(context: Context, kept: UnconfirmedEnvelope): UnconfirmedEnvelope {
  const change = { envelopeId: context.random(ENVELOPE_ID_BYTES), overdue: false }
  // Before it is tried: a repetition of the try has the same id.
  context.store.unconfirmed.update(kept.envelopeId, change)
  return { ...kept, ...change }
}

function noteRepeat(context: Context, { envelopeId, repeats }: UnconfirmedEnvelope): void {
  const { store, clock } = context
  // Confirmed meanwhile.
  if (store.unconfirmed.get(envelopeId) === null) return
  store.unconfirmed.update(envelopeId, {
    repeats: repeats + 1,
    dueAtMs: clock.nowMs() + untilRepeat(context, repeats + 1),
  })
}

function postpone(context: Context, { envelopeId }: UnconfirmedEnvelope, byMs: number): void {
  const { store, clock } = context
  if (store.unconfirmed.get(envelopeId) === null) return
  store.unconfirmed.update(envelopeId, { dueAtMs: clock.nowMs() + byMs })
}

/** Jittered by a quarter to each side. */
function untilRepeat(context: Context, repeats: number): number {
  const jitter = 0.75 + (context.random(1)[0] ?? 0) / 512
  return Math.round(Math.min(FIRST_REPEAT_MS * GROWTH ** repeats, KEPT_MS) * jitter)
}
