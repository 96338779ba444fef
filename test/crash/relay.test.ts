import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import type { IncomingEnvelope, RequestSigner } from '#core/ports.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { CERTIFICATE, testClient, testPrekeys, testSigner, unwrap } from '../unit/relay/harness.ts'
import { writeUnlimited } from './unlimited.ts'

const ROUNDS = Number(process.env['SOTTO_ROUNDS'] ?? 20)
const SENDERS = 8
const PREKEY_TAKERS = 2
const LONGEST_RUN_MS = 400
const PREKEYS_PER_ROUND = 100
const READY_WITHIN_MS = 10_000

/** A relay as a process of its own, always on the same port and folder. */
class RelayProcess {
  readonly #folder: string
  #child: ChildProcess | null = null
  port = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  get host(): string {
    return `127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const flags = ['--port', String(this.port), '--data', this.#folder, '--pow-bits', '0', '--json']
    const config = writeUnlimited(join(this.#folder, 'unlimited.json'))
    const main = new URL('../../src/relay/main.ts', import.meta.url).pathname
    const child = spawn(process.execPath, [main, ...flags, '--config', config], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    const lines = createInterface({ input: child.stdout })
    const line = await new Promise<string>((resolve, reject) => {
      setTimeout(
        () => reject(new Error('the relay was not ready in time')),
        READY_WITHIN_MS,
      ).unref()
      lines.once('line', resolve)
    })
    this.port = Number(new URL((JSON.parse(line) as { url: string }).url).port)
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    if (child === null) return null
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.kill(signal)
    this.#child = null
    return exited
  }
}

describe('a relay killed under load', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-crash-relay-'))
  const relay = new RelayProcess(folder)
  const client: RelayClient = testClient()
  const alice: RequestSigner = testSigner('alice')
  const token = randomBytes(32)
  /** Ids by sender, in the order in which each was acknowledged to it. */
  const acknowledged: string[][] = Array.from({ length: SENDERS }, () => [])
  const offered = new Set<string>()
  const received: string[] = []
  const takenPrekeys: number[] = []
  let nextPrekeyId = 1
  let prekeyVersion = 0

  beforeAll(async () => {
    await relay.start()
    unwrap(await client.register(relay.host, alice, { certificate: CERTIFICATE }, null))
    const add = [{ hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }]
    unwrap(await client.putTokens(relay.host, alice, { add, revoke: [] }))
  })
  afterAll(async () => {
    await client.close()
    await relay.end('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  async function publish(): Promise<void> {
    prekeyVersion += 1
    const prekeys = testPrekeys(prekeyVersion, nextPrekeyId, PREKEYS_PER_ROUND)
    nextPrekeyId += PREKEYS_PER_ROUND
    unwrap(await client.publishPrekeys(relay.host, alice, prekeys))
  }

  /** Deposits one after another, each again under its id until it is acknowledged, until the relay is gone. */
  async function send(sender: number, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const envelopeId = randomBytes(16)
      const id = encodeHex(envelopeId)
      offered.add(id)
      const envelope = randomBytes(500 + sender)
      const deposited = await client.deposit(relay.host, {
        envelopeId,
        deviceId: 1,
        token,
        envelope,
      })
      if (deposited.ok) acknowledged[sender]?.push(id)
      else expect(deposited.error.code).toBe('RELAY_UNREACHABLE')
    }
  }

  async function takePrekeys(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const taken = await client.fetchBundles(relay.host, 'alice', randomBytes(16))
      if (!taken.ok) expect(taken.error.code).toBe('RELAY_UNREACHABLE')
      else {
        const [bundle] = taken.value.bundles
        if (bundle?.oneTimePrekey) takenPrekeys.push(bundle.oneTimePrekey.id)
      }
    }
  }

  /** Receives while the load runs, as a device does: durable first, then acknowledged. */
  function receive(): () => Promise<void> {
    let drained = false
    const subscription = client.subscribe(relay.host, alice, 0, {
      received: async (batch: readonly IncomingEnvelope[]) => {
        for (const { envelopeId } of batch) received.push(encodeHex(envelopeId))
      },
      drained: () => (drained = true),
      stateChanged: () => undefined,
    })
    return async () => {
      const deadlineMs = Date.now() + READY_WITHIN_MS
      while (!drained && Date.now() < deadlineMs) await new Promise((r) => setTimeout(r, 10))
      await subscription.close()
      expect(drained).toBe(true)
    }
  }

  test(`${ROUNDS} times, it loses nothing it acknowledged, keeps order and gives no prekey twice`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await publish()
      const stop = new AbortController()
      const load = Promise.all([
        ...acknowledged.map((_ids, sender) => send(sender, stop.signal)),
        ...Array.from({ length: PREKEY_TAKERS }, () => takePrekeys(stop.signal)),
      ])
      // In every other round a device is connected while it happens.
      const finish = round % 2 === 1 ? receive() : null
      const [byte = 0] = randomBytes(1)
      await new Promise((resolve) => setTimeout(resolve, 20 + (byte / 255) * LONGEST_RUN_MS))
      expect(await relay.end('SIGKILL')).toBeNull()
      stop.abort()
      await load
      await relay.start()
      await (finish ?? receive())()
    }
    const arrived = new Set(received)
    const sentCount = acknowledged.reduce((sum, ids) => sum + ids.length, 0)
    expect(sentCount).toBeGreaterThan(ROUNDS)
    for (const ids of acknowledged) expect(ids.filter((id) => !arrived.has(id))).toEqual([])
    expect([...arrived].filter((id) => !offered.has(id))).toEqual([])

    const firstArrival = new Map<string, number>()
    for (const [index, id] of received.entries()) {
      if (!firstArrival.has(id)) firstArrival.set(id, index)
    }
    for (const ids of acknowledged) {
      const order = ids.map((id) => firstArrival.get(id) ?? -1)
      expect(order).toEqual(order.toSorted((a, b) => a - b))
    }

    expect(takenPrekeys.length).toBeGreaterThan(0)
    expect(new Set(takenPrekeys).size).toBe(takenPrekeys.length)
  })

  test('it ends cleanly when it is asked to', async () => {
    expect(await relay.end('SIGTERM')).toBe(0)
    await relay.start()
    expect(unwrap(await client.nameFree(relay.host, 'alice'))).toBe(false)
  })
})
