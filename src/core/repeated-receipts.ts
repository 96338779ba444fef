import { encodeHex } from '#shared/bytes.ts'
import type { Clock } from './ports.ts'

const APART_MS = 10 * 60_000
const REMEMBERED = 5_000

/** Receipts for what came again: one in a while for each envelope, however often a hostile relay replays it. */
export class RepeatedReceipts {
  readonly #clock: Clock
  /** In the order in which they were given. */
  readonly #givenAtMs = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether another receipt may be given for this envelope now; it counts as given. */
  isDue(envelopeHash: Uint8Array): boolean {
    const key = encodeHex(envelopeHash)
    const nowMs = this.#clock.nowMs()
    const givenAtMs = this.#givenAtMs.get(key)
    if (givenAtMs !== undefined && Math.abs(nowMs - givenAtMs) < APART_MS) return false
    this.#givenAtMs.delete(key)
    this.#givenAtMs.set(key, nowMs)
    const [oldest] = this.#givenAtMs.keys()
    if (this.#givenAtMs.size > REMEMBERED && oldest !== undefined) this.#givenAtMs.delete(oldest)
    return true
  }
}
