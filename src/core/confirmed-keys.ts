import type { Address } from '#protocol/address.ts'

/**
 * Signing keys that relays' directories have just confirmed, by address. An entry is there only while the envelopes
 * that waited for it are judged: the next handshake under an unknown key asks again.
 */
export class ConfirmedKeys {
  readonly #keys = new Map<Address, Uint8Array>()

  get(address: Address): Uint8Array | null {
    return this.#keys.get(address) ?? null
  }

  /** Makes one answer known during `work`. */
  during<T>(address: Address, signingKey: Uint8Array, work: () => T): T {
    this.#keys.set(address, signingKey)
    try {
      return work()
    } finally {
      this.#keys.delete(address)
    }
  }
}
