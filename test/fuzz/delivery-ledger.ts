import { expect } from 'vitest'
import { encodeHex } from '#shared/bytes.ts'
import { eventually } from './raw-websocket.ts'

interface Entry {
  /** What was sent with this id; the relay keeps what came first. */
  readonly bodies: Uint8Array[]
  isAcknowledged: boolean
  received: number
}

/** What was sent to one device, what of it the relay has acknowledged, and what has come. */
export class DeliveryLedger {
  readonly #entries = new Map<string, Entry>()
  readonly #awaited = new Set<string>()
  #delivered = 0

  get delivered(): number {
    return this.#delivered
  }

  sent(id: Uint8Array, body: Uint8Array): void {
    const key = encodeHex(id)
    const entry = this.#entries.get(key) ?? { bodies: [], isAcknowledged: false, received: 0 }
    if (entry.received === 0) entry.bodies.push(body)
    this.#entries.set(key, entry)
  }

  acknowledged(id: Uint8Array): void {
    const key = encodeHex(id)
    const entry = this.#entries.get(key)
    if (entry === undefined) throw new Error('acknowledged, and never sent')
    entry.isAcknowledged = true
    if (entry.received === 0) this.#awaited.add(key)
  }

  received(id: Uint8Array, body: Uint8Array): void {
    const key = encodeHex(id)
    const entry = this.#entries.get(key)
    if (entry === undefined) throw new Error('received, and never sent')
    expect(entry.bodies.some((sent) => Buffer.compare(sent, body) === 0)).toBe(true)
    entry.received += 1
    expect(entry.received).toBe(1)
    this.#delivered += 1
    entry.bodies.splice(0)
    this.#awaited.delete(key)
  }

  /** Waits until everything acknowledged has come. */
  async settled(): Promise<void> {
    await eventually('what was acknowledged is delivered', () => this.#awaited.size === 0)
  }
}
