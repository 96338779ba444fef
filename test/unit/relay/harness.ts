import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import type { Clock, PublishedPrekeys, RequestSigner } from '#core/ports.ts'
import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { startRelay, type RelayHooks, type RunningRelay } from '#relay/relay.ts'
import { RelayClient } from '#relay-client/client.ts'

/** A clock of the real time, shifted by what a test says. */
export class ShiftedClock implements Clock {
  shiftMs = 0
  nowMs(): number {
    return Date.now() + this.shiftMs
  }
  schedule(delayMs: number, callback: () => void): () => void {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  }
}

export interface TestRelay extends RunningRelay {
  readonly host: string
}

/** A relay in memory on a free port, without proof of work. */
export async function testRelay(
  options: RelayOptions = {},
  hooks: RelayHooks = {},
): Promise<TestRelay> {
  const config = relayConfig({ port: 0, powBits: 0, ...options })
  if (!config.ok) throw new Error(String(config.error.cause))
  const relay = await startRelay(config.value, hooks)
  return { ...relay, host: new URL(relay.url).host }
}

export function testClient(clock: Clock = new ShiftedClock()): RelayClient {
  return new RelayClient({ clock, random: randomBytes })
}

export function testSigner(name: string): RequestSigner {
  const pair = SigningKeyPair.generate(randomBytes)
  return {
    name,
    deviceId: 1,
    signingKey: pair.publicKey,
    sign: (base) => pair.signRaw(base),
  }
}

export const CERTIFICATE: Uint8Array = new TextEncoder().encode('certificate')

/** Prekeys of the right sizes whose contents tell them apart. */
export function testPrekeys(version: number, firstId: number, count: number): PublishedPrekeys {
  const point = (id: number): Uint8Array => new Uint8Array(65).fill(id % 256)
  const kem = (id: number): Uint8Array => new Uint8Array(1_184).fill(id % 256)
  const signature = new Uint8Array(64).fill(7)
  const ids = Array.from({ length: count }, (_, index) => firstId + index)
  return {
    version,
    signed: { id: version, publicKey: point(200), signature },
    kemLastResort: { id: version, publicKey: kem(201), signature },
    oneTime: ids.map((id) => ({ id, publicKey: point(id) })),
    kemOneTime: ids.map((id) => ({ id, publicKey: kem(id), signature })),
  }
}

/** Unwraps a success. */
export function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: unknown }): T {
  if (!result.ok) throw new Error(`expected a success: ${JSON.stringify(result.error)}`)
  return result.value
}

/** Waits until something is so; fails after five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + 5_000
  while (!condition()) {
    if (Date.now() > deadlineMs) throw new Error('it did not become true in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
