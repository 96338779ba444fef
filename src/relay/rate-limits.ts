import { isIPv4 } from 'node:net'
import { failure } from '#shared/errors.ts'
import type { RelayConfig } from './config.ts'
import { RequestError } from './request-error.ts'
import { TokenBuckets } from './token-bucket.ts'

type RateName = keyof RelayConfig['rates']

const ADDRESS_RATES: readonly RateName[] = [
  'registrations',
  'lookups',
  'bundles',
  'senders',
  'knocks',
  'groups',
  'downloads',
  'opens',
  'signed',
]
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/

/** One requester: an IPv4 address, or the 64-bit network of an IPv6 address, of which anyone has billions. */
export function requesterKey(address: string | undefined): string {
  // Without one the connection is gone already, whatever the framework's type says: nobody is there to be limited.
  const plain = (address ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
  if (isIPv4(plain)) return plain
  const [head = '', tail = ''] = plain.split('%')[0]?.split('::') ?? []
  const before = head === '' ? [] : head.split(':')
  const after = tail === '' ? [] : tail.split(':')
  const length = Math.max(0, 8 - before.length - after.length)
  const zeros = Array.from({ length }, () => '0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}

/** The relay's token buckets. In the memory of this process: a restart fills them. */
export class RateLimits {
  /** Whether addresses tell requesters apart here. */
  readonly byAddress: boolean
  readonly #buckets: ReadonlyMap<RateName, TokenBuckets>
  readonly #nowMs: () => number
  readonly #onLimited: (rate: RateName) => void

  /**
   * A relay that listens on loopback only, and trusts no proxy, does not limit by address: there everybody has the
   * same one.
   */
  constructor(
    config: RelayConfig,
    nowMs: () => number,
    onLimited: (rate: RateName) => void = () => undefined,
  ) {
    this.#nowMs = nowMs
    this.#onLimited = onLimited
    this.byAddress = config.trustProxy || !LOOPBACK.test(config.host)
    const names = (Object.keys(config.rates) as RateName[]).filter(
      (name) => this.byAddress || !ADDRESS_RATES.includes(name),
    )
    this.#buckets = new Map(names.map((name) => [name, new TokenBuckets(config.rates[name])]))
  }

  /** Takes one from a bucket. @returns false where it is empty, for what is not refused then. */
  tryTake(rate: RateName, key: string): boolean {
    return this.#take(rate, key) === 0
  }

  /** Takes one from a bucket. @returns 0, or the milliseconds to wait for who is refused. */
  wait(rate: RateName, key: string): number {
    const waitMs = this.#take(rate, key)
    if (waitMs > 0) this.#onLimited(rate)
    return waitMs
  }

  /** As {@link wait}, for the requester at an address. */
  waitAt(rate: RateName, address: string): number {
    return this.#buckets.has(rate) ? this.wait(rate, requesterKey(address)) : 0
  }

  /** Takes one from a bucket. @throws RequestError RATE_LIMITED where it is empty. */
  take(rate: RateName, key: string): void {
    const waitMs = this.wait(rate, key)
    if (waitMs > 0) {
      throw new RequestError(failure('RATE_LIMITED', { retryAfterMs: Math.ceil(waitMs) }))
    }
  }

  sweep(): void {
    for (const buckets of this.#buckets.values()) buckets.sweep(this.#nowMs())
  }

  #take(rate: RateName, key: string): number {
    return this.#buckets.get(rate)?.take(key, this.#nowMs()) ?? 0
  }
}
