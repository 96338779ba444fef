import { equalPublicBytes } from '#shared/bytes.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import { hostOf, type Address } from '#protocol/address.ts'
import { acceptHandshake } from './accepting.ts'
import type { Context } from './context.ts'
import { letGo } from './held-envelopes.ts'
import { identityChanged } from './identity-change.ts'
import { lookUpSigningKey } from './identity-lookup.ts'
import type { JobOutcome } from './job.ts'
import type { HeldEnvelope } from './model.ts'
import type { RelayHost } from './ports.ts'
import { receiveHeld, type Followup } from './receiving.ts'
import { isDistrusted } from './relay-logs.ts'
import { forgetRelay, hostsOfOurs } from './relay-trust.ts'

/** Relays asked at once: a few that never answer must not hold up the others. */
const HOSTS_AT_ONCE = 8
/** A relay that takes longer gets no further question before others had their turn. */
const TURN_MS = 10_000
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30 * 60_000

/** Answers about one address, which say nothing of the others at its relay. */
const OF_ADDRESS_ALONE: readonly ErrorCode[] = ['KEYS_NOT_PUBLISHED', 'RELAY_BAD_ANSWER']

interface Author {
  readonly address: Address
  readonly envelopes: HeldEnvelope[]
}

interface Wait {
  readonly failures: number
  readonly untilMs: number
}

/**
 * Asks relays who the authors of held initial messages are, then takes those messages in. What comes from an address that
 * its relay gives another key for, or does not know, is dropped. Strangers choose the relays that are asked: each one that
 * does not answer waits longer and longer, our own and those of contacts go first, then whoever came last.
 */
export class AuthorLookups {
  readonly #context: Context
  readonly #followUp: (followup: Followup) => void
  /** By relay, or address, that could not be asked. */
  readonly #waits = new Map<string, Wait>()

  constructor(context: Context, followUp: (followup: Followup) => void) {
    this.#context = context
    this.#followUp = followUp
  }

  async run(): Promise<JobOutcome> {
    const tried = new Set<Address>()
    for (;;) {
      const turn = this.#nextTurn(tried)
      if (turn.length === 0) return this.#outcome()
      await Promise.all(turn.map(([host, authors]) => this.#ask(host, authors, tried)))
    }
  }

  /** The network is back: nobody waits because of what was before. */
  forgetWaits(): void {
    this.#waits.clear()
  }

  #nextTurn(tried: ReadonlySet<Address>): [RelayHost, Author[]][] {
    const hosts = new Map<RelayHost, Author[]>()
    const present = new Set<string>()
    for (const author of authorsByNewest(this.#context)) {
      const host = hostOf(author.address)
      // Waits for the user to look at what it did.
      if (isDistrusted(this.#context, host)) continue
      present.add(host).add(author.address)
      if (tried.has(author.address)) continue
      if (this.#waitsStill(host) || this.#waitsStill(author.address)) continue
      hosts.set(host, [...(hosts.get(host) ?? []), author])
    }
    for (const key of this.#waits.keys()) if (!present.has(key)) this.#waits.delete(key)
    const ours = hostsOfOurs(this.#context)
    const rank = (host: RelayHost) => (ours.has(host) ? -1 : (this.#waits.get(host)?.failures ?? 0))
    return [...hosts].sort(([a], [b]) => rank(a) - rank(b)).slice(0, HOSTS_AT_ONCE)
  }

  #waitsStill(key: string): boolean {
    const wait = this.#waits.get(key)
    return wait !== undefined && wait.untilMs > this.#context.clock.nowMs()
  }

  async #ask(host: RelayHost, authors: readonly Author[], tried: Set<Address>): Promise<void> {
    const { clock } = this.#context
    const beganAtMs = clock.nowMs()
    for (const author of authors) {
      if (Math.abs(clock.nowMs() - beganAtMs) > TURN_MS) return
      tried.add(author.address)
      const refusal = await this.#lookUp(author)
      if (refusal === null) {
        this.#waits.delete(host)
      } else if (OF_ADDRESS_ALONE.includes(refusal.code)) {
        this.#wait(author.address, refusal)
      } else {
        this.#wait(host, refusal)
        return
      }
    }
  }

  /** @returns why it is to be tried again later; `null` where it was answered. */
  async #lookUp({ address, envelopes }: Author): Promise<Failure<ErrorCode> | null> {
    const context = this.#context
    const lookup = await lookUpSigningKey(context, address)
    if (lookup.ok) {
      const confirmed = lookup.value
      const known = context.store.contacts.byAddress(address)
      if (known !== null && !equalPublicBytes(known.signingKey, confirmed)) {
        identityChanged(context, known, confirmed)
      }
      this.#followUp(
        context.confirmedKeys.during(address, confirmed, () => receiveHeld(context, envelopes)),
      )
      return null
    }
    const { code } = lookup.error
    if (code === 'RELAY_DISTRUSTED') {
      // A relay that only strangers have named is nothing to bother the user with.
      if (hostsOfOurs(context).has(hostOf(address))) return null
      forgetRelay(context, hostOf(address))
    } else if (code !== 'ACCOUNT_UNKNOWN' && code !== 'KEY_INVALID') {
      return lookup.error
    }
    context.commit(() => {
      for (const envelope of envelopes) letGo(context, envelope)
    })
    context.log.warn('author.refused', { code })
    return null
  }

  #wait(key: string, { retryAfterMs = 0 }: Failure<ErrorCode>): void {
    const failures = (this.#waits.get(key)?.failures ?? 0) + 1
    const grownMs = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS)
    const untilMs = this.#context.clock.nowMs() + Math.max(grownMs, retryAfterMs)
    this.#waits.set(key, { failures, untilMs })
  }

  #outcome(): JobOutcome {
    const untilMs = [...this.#waits.values()].map((wait) => wait.untilMs)
    if (untilMs.length === 0) return { kind: 'idle' }
    const dueInMs = Math.min(...untilMs) - this.#context.clock.nowMs()
    return { kind: 'again', afterMs: Math.max(dueInMs, FIRST_WAIT_MS) }
  }
}

/** Who the handshakes of held envelopes show, who came last first; those that wait for the user are left out. */
function authorsByNewest(context: Context): Author[] {
  const { store } = context
  const authors = new Map<Address, HeldEnvelope[]>()
  for (const held of store.inbox.listHeld('pending')) {
    const contact = held.contactId === null ? null : store.contacts.get(held.contactId)
    if (contact && contact.changedSigningKey !== null) continue
    const handshake = acceptHandshake(context, held.envelope)
    if (!handshake.ok) {
      // Another one of the same session was taken in meanwhile: its session opens this one.
      receiveHeld(context, [held])
      continue
    }
    const { address } = handshake.value
    authors.set(address, [...(authors.get(address) ?? []), held])
  }
  return [...authors].reverse().map(([address, envelopes]) => ({ address, envelopes }))
}
