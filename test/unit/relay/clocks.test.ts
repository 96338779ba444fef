import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { IncomingEnvelope } from '#core/ports.ts'
import { encodeHex } from '#shared/bytes.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import {
  call,
  ShiftedClock,
  signed,
  testAccount,
  testClient,
  testRelay,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

const HOUR_MS = 3_600_000
const realNow = Date.now.bind(Date)

/** Of the relay alone: clients here have clocks of their own. */
let shiftMs = 0
let relay: TestRelay
const clientClock = new ShiftedClock()
// Not the shifted one, which `Date.now` is while a relay's clock is off.
clientClock.nowMs = () => realNow() + clientClock.shiftMs
const client = testClient(clientClock)

beforeEach(async () => {
  shiftMs = 0
  clientClock.shiftMs = 0
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + shiftMs)
  relay = await testRelay()
})
afterEach(async () => {
  await relay.close()
  vi.restoreAllMocks()
})

describe('clocks an hour off', () => {
  test.each([HOUR_MS, -HOUR_MS])(
    'a client that is off by %i ms is told, and works with the time of the relay',
    async (offMs) => {
      const { signer, token } = await testAccount(relay, client, 'alice')
      clientClock.shiftMs = offMs
      const createdSeconds = Math.floor((realNow() + offMs) / 1_000)
      const body = '{"deviceId":1}'
      const headers = signed(relay, signer, 'POST', '/v1/sessions', body, { createdSeconds })
      const refused = await call(relay, 'POST', '/v1/sessions', { body, headers })
      expect(refused).toMatchObject({ status: 401, code: 'CLOCK_SKEW' })
      const { serverTimeMs } = refused.body as { serverTimeMs: number }
      expect(Math.abs(serverTimeMs - realNow())).toBeLessThan(60_000)

      const received: string[] = []
      const off = testClient(clientClock)
      const subscription = off.subscribe(relay.host, signer, 0, {
        received: async (batch) => void received.push(...batch.map(idOf)),
        drained: () => undefined,
        stateChanged: () => undefined,
      })
      const envelopeId = randomBytes(16)
      const envelope = randomBytes(300)
      unwrap(await off.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope }))
      await until(() => received.includes(encodeHex(envelopeId)))
      await subscription.close()
      await off.close()
    },
  )

  test('a relay whose clock jumps ahead and back keeps the order, and nobody waits for it', async () => {
    const { signer, token } = await testAccount(relay, client, 'alice')
    const received: string[] = []
    const states: string[] = []
    const subscription = client.subscribe(relay.host, signer, 0, {
      received: async (batch) => void received.push(...batch.map(idOf)),
      drained: () => undefined,
      stateChanged: (state) => void states.push(state.kind),
    })
    const sent: string[] = []
    const deposit = async (): Promise<void> => {
      const envelopeId = randomBytes(16)
      sent.push(encodeHex(envelopeId))
      const envelope = randomBytes(300)
      unwrap(await client.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope }))
    }
    for (const jumpMs of [0, HOUR_MS, 0, -HOUR_MS, 0]) {
      shiftMs = jumpMs
      // Far less than a bucket, though emptied before the clock went back it would take an hour to fill.
      for (let count = 0; count < 10; count++) await deposit()
      await until(() => received.length === sent.length)
      // Signed requests go on too.
      unwrap(await client.prekeysLeft(relay.host, signer))
    }
    expect(received).toEqual(sent)
    expect(states.filter((state) => state === 'online')).toHaveLength(1)
    await subscription.close()
  })

  test('a signature used before a jump is still known after it', async () => {
    const { signer } = await testAccount(relay, client, 'alice')
    const body = '{"deviceId":1}'
    const createdSeconds = Math.floor(realNow() / 1_000)
    const headers = signed(relay, signer, 'POST', '/v1/sessions', body, { createdSeconds })
    const open = () => call(relay, 'POST', '/v1/sessions', { body, headers })
    expect((await open()).status).toBe(200)
    shiftMs = HOUR_MS
    expect((await open()).code).toBe('CLOCK_SKEW')
    shiftMs = 0
    expect((await open()).code).toBe('REPLAYED')
  })
})

describe('what is kept for a time, while the clock jumps by an hour', () => {
  const DAY_MS = 24 * HOUR_MS
  const RETENTION_MS = 30 * DAY_MS
  const LIMITS = { envelopes: 1e6, bytes: 1e9, knocks: 20, idleMs: 1e12 }

  test('goes an hour early at most, and the rest stays', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-clocks-'))
    const storage = openSqliteStorage({
      path: join(folder, 'relay.db'),
      onFatal: (cause) => {
        throw cause
      },
    })
    const account = { name: 'alice', signingKey: randomBytes(65), deviceId: 1 }
    await storage.register({ ...account, certificate: randomBytes(9), inviteHash: null }, 0)
    const mailbox = (await storage.findAccount('alice'))?.devices[0]?.mailbox
    if (mailbox === undefined) throw new Error('no device')
    const knock = (nowMs: number) =>
      storage.knock({ mailbox, id: randomBytes(16), body: randomBytes(20) }, LIMITS, nowMs)
    const start = 100 * DAY_MS
    // The second while the clock was ahead, the third after it was set back.
    for (const atMs of [0, HOUR_MS, 1_000, DAY_MS]) await knock(start + atMs)
    const expireAll = async (nowMs: number): Promise<number> => {
      while ((await storage.expire(nowMs, RETENTION_MS)) > 0);
      return (await storage.waiting(mailbox, 0, 10, 1e6))?.length ?? 0
    }
    expect(await expireAll(start + RETENTION_MS - HOUR_MS - 1)).toBe(4)
    expect(await expireAll(start + RETENTION_MS + 1)).toBe(3)
    // One that came while the clock was ahead is kept as long as it says, and what came right after it with it.
    expect(await expireAll(start + RETENTION_MS + HOUR_MS - 1)).toBe(3)
    expect(await expireAll(start + RETENTION_MS + HOUR_MS + 1)).toBe(1)
    await storage.close()
    rmSync(folder, { recursive: true })
  })
})

function idOf({ envelopeId }: IncomingEnvelope): string {
  return encodeHex(envelopeId)
}
