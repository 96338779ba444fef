import { tokenHash } from '#crypto/delivery-token.ts'
import type { Batch } from '#protocol/relay-batch.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { RelayContext } from './context.ts'
import { RecentMap } from './recent-map.ts'
import { RETRY_WHEN_UNAVAILABLE_MS } from './request-error.ts'
import {
  StorageFullError,
  StorageUnavailableError,
  type DepositOutcome,
  type MailboxLimits,
} from './storage.ts'
import type { BatchTargetRecord } from './storage-batches.ts'

const RECEIVERS_KEPT = 50_000

/** An envelope as it is offered, by whatever transport. */
export interface OfferedEnvelope {
  readonly token: Uint8Array
  readonly deviceId: number
  readonly id: Uint8Array
  readonly body: Uint8Array
}

export type DepositRefusal = Failure<
  | 'DELIVERY_REFUSED'
  | 'MAILBOX_FULL'
  | 'RELAY_FULL'
  | 'RATE_LIMITED'
  | 'INVALID_INPUT'
  | 'TOO_LARGE'
  | 'OVERLOADED'
>
export type DepositResult = Result<'stored' | 'seen', DepositRefusal>

/** The rules of depositing, the same for a request and for a connection. */
export class DepositDesk {
  readonly limits: MailboxLimits
  readonly #context: RelayContext
  /** Mailboxes by token, so that what comes to one by whatever tokens is bounded before it is stored. */
  readonly #receivers = new RecentMap<string, string>(RECEIVERS_KEPT)

  constructor(context: RelayContext) {
    const { limits } = context.config
    this.#context = context
    this.limits = {
      envelopes: limits.mailboxEnvelopes,
      bytes: limits.mailboxBytes,
      knocks: limits.mailboxKnocks,
      idleMs: limits.idleDeviceMs,
    }
  }

  /**
   * Stores an envelope where its token allows it. Resolves when it is durable.
   * @param address - of the sender.
   */
  async deposit(envelope: OfferedEnvelope, address: string): Promise<DepositResult> {
    const { storage, nowMs, config } = this.#context
    const { deviceId, id, body } = envelope
    if (body.length === 0) return err(failure('INVALID_INPUT'))
    if (body.length > config.limits.envelopeBytes) return err(failure('TOO_LARGE'))
    const hash = tokenHash(envelope.token)
    const sender = latin1(hash)
    const waitMs = this.#wait(sender, address)
    if (waitMs > 0) return rateLimited(waitMs)
    let result: DepositOutcome
    try {
      result = await storage.deposit({ tokenHash: hash, deviceId, id, body }, this.limits, nowMs())
    } catch (cause) {
      if (cause instanceof StorageFullError) return err(failure('RELAY_FULL'))
      if (cause instanceof StorageUnavailableError) {
        return err(failure('OVERLOADED', { retryAfterMs: RETRY_WHEN_UNAVAILABLE_MS }))
      }
      throw cause
    }
    return this.#settleDeposit(result, sender, address)
  }

  /**
   * Stores one body at many mailboxes, each as {@link deposit} would, in one durable change.
   * @returns a result for each target, in their order.
   * @throws StorageFullError where there is no space: nothing was stored.
   */
  async depositBatch(batch: Batch, address: string): Promise<readonly DepositResult[]> {
    const { storage, nowMs } = this.#context
    const results: DepositResult[] = []
    const admitted: { readonly place: number; readonly target: BatchTargetRecord }[] = []
    for (const [place, { id, token, deviceId }] of batch.targets.entries()) {
      const hash = tokenHash(token)
      const waitMs = this.#wait(latin1(hash), address)
      if (waitMs > 0) results[place] = rateLimited(waitMs)
      else admitted.push({ place, target: { tokenHash: hash, deviceId, id } })
    }
    if (admitted.length === 0) return results
    const targets = admitted.map(({ target }) => target)
    const outcomes = await storage.depositBatch({ body: batch.body, targets }, this.limits, nowMs())
    for (const [index, { place, target }] of admitted.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined) throw new TypeError('a target has no outcome')
      results[place] = this.#settleDeposit(outcome, latin1(target.tokenHash), address)
    }
    return results
  }

  /** @returns 0, or the milliseconds that a deposit by this token has to wait. */
  #wait(sender: string, address: string): number {
    const { rates } = this.#context
    const receiver = this.#receivers.get(sender)
    return (
      rates.wait('deposits', sender) ||
      rates.waitAt('senders', address) ||
      (receiver === undefined ? 0 : rates.wait('incoming', receiver))
    )
  }

  #settleDeposit(result: DepositOutcome, sender: string, address: string): DepositResult {
    const { rates } = this.#context
    if (result.outcome === 'stored' && this.#receivers.get(sender) === undefined) {
      // The first one by this token: from now on it is known whom it leads to.
      this.#receivers.set(sender, String(result.mailbox))
      rates.tryTake('incoming', String(result.mailbox))
    }
    const settled = this.settle(result)
    // Guessing at tokens is bounded like guessing at signatures.
    if (!settled.ok && settled.error.code === 'DELIVERY_REFUSED') {
      const guessMs = rates.waitAt('signed', address)
      if (guessMs > 0) return rateLimited(guessMs)
    }
    return settled
  }

  /** Counts an outcome of the storage, and wakes the receiver. */
  settle(result: DepositOutcome): DepositResult {
    this.#context.metrics.deposits[result.outcome] += 1
    switch (result.outcome) {
      case 'stored':
        this.#context.wakeUps.notify(result.mailbox)
        return STORED
      case 'seen':
        return SEEN
      case 'refused':
        return err(failure('DELIVERY_REFUSED'))
      case 'mailbox-full':
        return err(failure('MAILBOX_FULL'))
    }
  }
}

const STORED = ok('stored' as const)
const SEEN = ok('seen' as const)
const latin1 = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('latin1')

function rateLimited(waitMs: number): DepositResult {
  return err(failure('RATE_LIMITED', { retryAfterMs: Math.ceil(waitMs) }))
}
