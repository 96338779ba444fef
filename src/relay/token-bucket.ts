/** `burst` at once, then one every `everyMs`. */
export interface BucketRate {
  readonly burst: number
  readonly everyMs: number
}

const MAX_KEYS = 100_000
/** Looking at so many takes milliseconds. */
const SWEEP_EVERY_MS = 1_000

/**
 * Token buckets by key, as one number each: the time at which the bucket is full again (the "virtual scheduling"
 * form of the leaky bucket, ITU-T I.371). Memory is bounded; beyond the bound the oldest keys are forgotten.
 */
export class TokenBuckets {
  readonly #rate: BucketRate
  readonly #maxKeys: number
  readonly #fullAtMs = new Map<string, number>()
  #sweptAtMs = -SWEEP_EVERY_MS

  constructor(rate: BucketRate, maxKeys: number = MAX_KEYS) {
    this.#rate = rate
    this.#maxKeys = maxKeys
  }

  /** Takes one. @returns 0, or the milliseconds to wait where the bucket is empty (nothing is taken then). */
  take(key: string, nowMs: number): number {
    const { burst, everyMs } = this.#rate
    const fullAtMs = Math.max(this.#fullAtMs.get(key) ?? 0, nowMs)
    const waitMs = fullAtMs + everyMs - burst * everyMs - nowMs
    if (waitMs > 0) return waitMs
    // Deleted first, so that the map's order is the order of last use: once it fills up, as this takes most of the time.
    if (this.#fullAtMs.size * 2 >= this.#maxKeys) this.#fullAtMs.delete(key)
    this.#makeRoom(nowMs)
    this.#fullAtMs.set(key, fullAtMs + everyMs)
    return 0
  }

  get size(): number {
    return this.#fullAtMs.size
  }

  /** Forgets full buckets: they are like new. */
  sweep(nowMs: number): void {
    this.#sweptAtMs = nowMs
    for (const [key, fullAtMs] of this.#fullAtMs) if (fullAtMs <= nowMs) this.#fullAtMs.delete(key)
  }

  #makeRoom(nowMs: number): void {
    if (this.#fullAtMs.size < this.#maxKeys) return
    if (nowMs - this.#sweptAtMs >= SWEEP_EVERY_MS) this.sweep(nowMs)
    for (const key of this.#fullAtMs.keys()) {
      if (this.#fullAtMs.size < this.#maxKeys) return
      this.#fullAtMs.delete(key)
    }
  }
}
