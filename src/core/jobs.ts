import { ERRORS, type ErrorCode } from '#shared/errors.ts'
import { AuthorLookups } from './author-lookups.ts'
import { Connection } from './connection.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { depositWaiting } from './depositing.ts'
import { followNames } from './following-names.ts'
import { forgetExpiredInvites } from './invites.ts'
import { Job, type JobOutcome } from './job.ts'
import { compareClaims } from './log-gossip.ts'
import type { ContactId } from './model.ts'
import { auditOwnEntry } from './own-entry.ts'
import type { RelayHost } from './ports.ts'
import { keepPrekeys } from './prekey-upkeep.ts'
import type { Followup } from './receiving.ts'
import { depositAgain } from './redepositing.ts'
import { registerAccount, registerAnew } from './registration.ts'
import { RelayEras } from './relay-eras.ts'
import { SessionRepair } from './session-repair.ts'
import {
  ALL_TOKENS_EVERY_MS,
  keepTokens,
  REPLACED_AGAIN_MS,
  tellAllTokensAgain,
} from './token-upkeep.ts'

const OWN_ENTRY_AUDIT_MS = 24 * 3_600_000
const PREKEY_UPKEEP_MS = 6 * 3_600_000
/** A relay that denies the account again and again costs no more work than this. */
const REGISTERED_ANEW_APART_MS = 10 * 60_000
const HOUSEKEEPING_MS = 24 * 3_600_000
/** Between two pieces of tidying up the store, so that nothing waits for them. */
const TIDYING_PAUSE_MS = 100
/** Longer than a relay keeps envelopes: until then, a repeated one is recognised. */
const SEEN_KEPT_MS = 60 * 86_400_000
/** Messages whose envelope stays to be inspected. */
const TRACES_KEPT = 5_000

/** Everything that runs behind an open profile: connection, deposits, look-ups, repairs and upkeep. */
export class Jobs {
  readonly connection: Connection
  readonly #context: Context
  readonly #eras: RelayEras
  readonly #authors: AuthorLookups
  readonly #deposits = new Map<ContactId, Job>()
  readonly #redeposits: Job
  readonly #register: Job
  readonly #prekeys: Job
  readonly #tokens: Job
  readonly #lookups: Job
  readonly #repairs: Job
  readonly #ownEntry: Job
  readonly #claims: Job
  readonly #followed: Job
  readonly #housekeeping: Job
  readonly #tidying: Job
  #registeredAnewAtMs = -Infinity
  #stopped = false

  constructor(context: Context) {
    this.#context = context
    this.connection = new Connection(context, {
      followUp: (followup) => this.followUp(followup),
      online: () => this.#wakeAll(),
      // It may have given our name to somebody else.
      refused: () => this.#ownEntry.wake(),
      accountGone: () => this.#accountGone(),
    })
    this.#eras = new RelayEras(context, (host) => this.#eraChanged(host))
    context.relay.onEra((host, era) => {
      if (!this.#stopped) this.#eras.note(host, era)
    })
    const repair = new SessionRepair(context)
    this.#register = this.#job('register', () => this.#registerAccount())
    this.#prekeys = this.#job('prekeys', async () => {
      const kept = await keepPrekeys(context)
      return kept.ok ? { kind: 'again', afterMs: PREKEY_UPKEEP_MS } : failedBy(kept.error)
    })
    this.#tokens = this.#job('tokens', async () => {
      const kept = await keepTokens(context)
      if (!kept.ok) return failedBy(kept.error)
      if (kept.value.granted > 0) this.wakeDeposits()
      const { replaced } = kept.value
      return { kind: 'again', afterMs: replaced ? REPLACED_AGAIN_MS : ALL_TOKENS_EVERY_MS }
    })
    this.#redeposits = this.#job('redeposits', () => depositAgain(context))
    this.#authors = new AuthorLookups(context, (followup) => this.followUp(followup))
    this.#lookups = this.#job('lookups', () => this.#authors.run())
    this.#repairs = this.#job('repairs', async () => {
      const outcome = await repair.run()
      this.wakeDeposits()
      return outcome
    })
    this.#ownEntry = this.#job('own-entry', async () => {
      const audited = await auditOwnEntry(context)
      if (!audited.ok) return failedBy(audited.error)
      // Our relay's newest checkpoint is known now: names there may be due.
      this.#followed.wake()
      return { kind: 'again', afterMs: OWN_ENTRY_AUDIT_MS }
    })
    this.#claims = this.#job('claims', () => compareClaims(context))
    this.#followed = this.#job('followed-names', () => followNames(context))
    this.#housekeeping = this.#job('housekeeping', () => {
      forgetExpiredInvites(context)
      context.store.inbox.forgetSeenBefore(context.clock.nowMs() - SEEN_KEPT_MS)
      context.store.traces.prune(TRACES_KEPT)
      return Promise.resolve({ kind: 'again', afterMs: HOUSEKEEPING_MS })
    })
    this.#tidying = this.#job('tidying', () => {
      const isMore = context.store.tidy()
      return Promise.resolve(
        isMore ? { kind: 'again', afterMs: TIDYING_PAUSE_MS } : { kind: 'idle' },
      )
    })
  }

  start(): void {
    this.#register.wake()
    this.#redeposits.wake()
    this.#housekeeping.wake()
    this.#tidying.wake()
  }

  /** Does what receiving has found to be done. */
  followUp({ lookups, repairs }: Followup): void {
    if (lookups) this.#lookups.wake()
    if (repairs) this.#repairs.wake()
    // Receipts and answers go out, and a grant or an acceptance may have changed who can be written to.
    this.#tokens.wake()
    // They may have told which checkpoints they saw.
    this.#claims.wake()
    this.wakeDeposits()
  }

  /** A relay is trusted again: all that waited for it goes on. */
  wakeForRelay(): void {
    this.#wakeAll()
  }

  /** Something was put into the outbox, or a contact can be reached now. */
  wakeDeposits(): void {
    if (this.#stopped) return
    for (const contactId of this.#context.store.outbox.contactsWaiting()) {
      this.#depositJob(contactId).wake()
    }
    this.connection.reportWaiting()
  }

  /** Many messages were removed. */
  wakeTidying(): void {
    this.#tidying.wake()
  }

  /** A contact's relation or an invite has changed. */
  wakeTokens(): void {
    this.#tokens.wake()
  }

  /**
   * Resolves when all that waits at our relay is here, it knows all it should, and what goes to the relays of others
   * has been tried.
   */
  async whenSettled(): Promise<void> {
    await this.connection.whenCaughtUp()
    // A job may wake another one.
    while (
      this.#atOurRelay().some((job) => !job.isSettled()) ||
      this.#elsewhere().some((job) => job.isRunning())
    ) {
      await Promise.all([
        ...this.#atOurRelay().map((job) => job.whenSettled()),
        ...this.#elsewhere().map((job) => job.whenTried()),
      ])
    }
  }

  /** Resolves when nothing runs any more; nothing can be woken from now on. */
  async stop(): Promise<void> {
    this.#stopped = true
    const jobs = [...this.#atOurRelay(), ...this.#elsewhere(), this.#housekeeping, this.#tidying]
    await Promise.all([this.connection.close(), ...jobs.map((job) => job.stop())])
  }

  #atOurRelay(): Job[] {
    return [this.#register, this.#prekeys, this.#tokens]
  }

  #elsewhere(): Job[] {
    return [
      this.#lookups,
      this.#repairs,
      this.#redeposits,
      this.#ownEntry,
      this.#claims,
      this.#followed,
      ...this.#deposits.values(),
    ]
  }

  #job(name: string, run: () => Promise<JobOutcome>): Job {
    const { clock, log, random } = this.#context
    const fraction = () => (random(1)[0] ?? 0) / 256
    return new Job(name, { clock, log, random: fraction }, run)
  }

  #depositJob(contactId: ContactId): Job {
    let job = this.#deposits.get(contactId)
    if (job === undefined) {
      job = this.#job('deposit', async () => {
        const outcome = await depositWaiting(this.#context, contactId)
        this.connection.reportWaiting()
        return outcome
      })
      this.#deposits.set(contactId, job)
    }
    return job
  }

  #wakeAll(): void {
    if (this.#stopped) return
    this.#prekeys.wakeFresh()
    this.#tokens.wakeFresh()
    this.#authors.forgetWaits()
    this.#lookups.wakeFresh()
    this.#repairs.wakeFresh()
    this.#ownEntry.wakeFresh()
    this.#claims.wakeFresh()
    this.#followed.wakeFresh()
    this.#redeposits.wakeFresh()
    for (const contactId of this.#context.store.outbox.contactsWaiting()) {
      this.#depositJob(contactId).wakeFresh()
    }
  }

  /** A relay has begun a new era: what it was told before may be lost. */
  #eraChanged(host: RelayHost): void {
    if (host === hostOf(this.#context.account().address)) {
      tellAllTokensAgain(this.#context)
      this.#tokens.wakeFresh()
      this.#prekeys.wakeFresh()
    }
    this.#redeposits.wakeFresh()
  }

  #accountGone(): void {
    const nowMs = this.#context.clock.nowMs()
    if (Math.abs(nowMs - this.#registeredAnewAtMs) < REGISTERED_ANEW_APART_MS) return
    if (!registerAnew(this.#context)) return
    this.#registeredAnewAtMs = nowMs
    this.#register.wakeFresh()
  }

  /** Makes sure that the relay has the account (an earlier try may have been cut off), then connects. */
  async #registerAccount(): Promise<JobOutcome> {
    if (!this.#context.account().registered) {
      const registered = await registerAccount(this.#context)
      if (!registered.ok) {
        this.connection.reportOffline(registered.error.code, null)
        return failedBy(registered.error)
      }
      this.connection.reconnectNow()
    }
    this.connection.open()
    return { kind: 'idle' }
  }
}

function failedBy(error: { readonly code: ErrorCode; readonly retryAfterMs?: number }): JobOutcome {
  // What cannot change by itself is tried again only when the connection is made anew.
  if (ERRORS[error.code].retry === 'never' || error.code === 'RELAY_DISTRUSTED') {
    return { kind: 'idle' }
  }
  return {
    kind: 'failed',
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
  }
}
