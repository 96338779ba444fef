import { ERRORS } from '#shared/errors.ts'
import { MAX_IDS } from '#protocol/content.ts'
import type { Context } from './context.ts'
import type { JobOutcome } from './job.ts'
import type { ContactId } from './model.ts'
import { addNotice } from './notices.ts'
import { enqueue, PRIMARY_DEVICE_ID } from './outbox.ts'
import { establishSession } from './sessions.ts'

/** Waits before the first, second, … repair of a contact's session, so that a hostile relay cannot cause a storm. */
const WAITS_MS = [0, 60_000, 10 * 60_000, 60 * 60_000]

interface Attempts {
  count: number
  lastAtMs: number
}

/** Repairs sessions that could not open something: a fresh handshake, and a request to send it again. */
export class SessionRepair {
  readonly #context: Context
  readonly #attempts = new Map<ContactId, Attempts>()
  /** Envelopes already asked for since the start. */
  readonly #asked = new Set<string>()

  constructor(context: Context) {
    this.#context = context
  }

  async run(): Promise<JobOutcome> {
    const { store, clock } = this.#context
    let failed = false
    let nextDueMs = Infinity
    for (const [contactId, envelopeIds] of this.#waiting()) {
      const contact = store.contacts.get(contactId)
      if (
        contact === null ||
        contact.relation === 'blocked' ||
        contact.changedSigningKey !== null
      ) {
        continue
      }
      const dueInMs = this.#dueInMs(contactId)
      if (dueInMs > 0) {
        nextDueMs = Math.min(nextDueMs, dueInMs)
        continue
      }
      const session = await establishSession(this.#context, contact, PRIMARY_DEVICE_ID)
      if (!session.ok) {
        failed ||= ERRORS[session.error.code].retry === 'later'
        continue
      }
      const attempts = this.#attempts.get(contactId)
      this.#attempts.set(contactId, { count: (attempts?.count ?? 0) + 1, lastAtMs: clock.nowMs() })
      this.#context.commit(() => {
        const current = store.contacts.get(contactId)
        if (current === null) return
        addNotice(this.#context, current, 'session-repaired')
        enqueue(this.#context, current, {
          sentAtMs: clock.nowMs(),
          resendRequest: { envelopeIds: envelopeIds.slice(0, MAX_IDS), nothingToResend: [] },
        })
      })
      for (const id of envelopeIds) this.#asked.add(hexOf(id))
    }
    if (failed) return { kind: 'failed' }
    return nextDueMs === Infinity ? { kind: 'idle' } : { kind: 'again', afterMs: nextDueMs }
  }

  /** Envelopes not asked for yet, by contact. */
  #waiting(): Map<ContactId, Uint8Array[]> {
    const waiting = new Map<ContactId, Uint8Array[]>()
    for (const held of this.#context.store.inbox.listHeld('failed')) {
      if (held.contactId === null) continue
      if (this.#asked.has(hexOf(held.envelopeId))) continue
      waiting.set(held.contactId, [...(waiting.get(held.contactId) ?? []), held.envelopeId])
    }
    return waiting
  }

  #dueInMs(contactId: ContactId): number {
    const attempts = this.#attempts.get(contactId)
    if (attempts === undefined) return 0
    const wait = WAITS_MS[Math.min(attempts.count, WAITS_MS.length - 1)] ?? 0
    return Math.max(0, attempts.lastAtMs + wait - this.#context.clock.nowMs())
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
