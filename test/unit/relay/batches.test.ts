import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { decodeBatch, encodeBatch } from '#protocol/relay-batch.ts'
import type { RelayOptions } from '#relay/config.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { call, testAccount, testClient, testRelay, unwrap, type TestRelay } from './harness.ts'

type Account = Awaited<ReturnType<typeof testAccount>>

let relay: TestRelay
let client: RelayClient
let ada: Account
let ben: Account

async function start(options: RelayOptions = {}): Promise<void> {
  relay = await testRelay(options)
  client = testClient()
  ada = await testAccount(relay, client, 'ada')
  ben = await testAccount(relay, client, 'ben')
}

async function stop(): Promise<void> {
  await client.close()
  await relay.close()
}

async function restart(options: RelayOptions): Promise<void> {
  await stop()
  await start(options)
}

beforeEach(() => start())
afterEach(stop)

const target = ({ token }: Account, envelopeId = randomBytes(16)) => ({
  envelopeId,
  token,
  deviceId: 1,
})

/** The codes of the outcomes; `null` for a success. */
async function deposit(
  targets: readonly ReturnType<typeof target>[],
  envelope = randomBytes(100),
): Promise<readonly (string | null)[]> {
  const outcomes = unwrap(await client.depositBatch(relay.host, { targets, envelope }))
  return outcomes.map((outcome) => (outcome.ok ? null : outcome.error.code))
}

async function received({ signer }: Account): Promise<readonly Uint8Array[]> {
  const bodies: Uint8Array[] = []
  await new Promise<void>((resolve) => {
    const subscription = client.subscribe(relay.host, signer, 0, {
      received: async (batch) => void bodies.push(...batch.map(({ envelope }) => envelope)),
      drained: () => void subscription.close().then(resolve),
      stateChanged: () => undefined,
    })
  })
  return bodies
}

const send = (body: Uint8Array) => call(relay, 'POST', '/v1/envelopes:batch', { body })

describe('a batch', () => {
  test('reaches every mailbox, once', async () => {
    const targets = [target(ada), target(ben)]
    const envelope = randomBytes(300)
    expect(await deposit(targets, envelope)).toEqual([null, null])
    expect(await deposit(targets, envelope)).toEqual([null, null])
    expect(await received(ada)).toEqual([Buffer.from(envelope)])
    expect(await received(ben)).toEqual([Buffer.from(envelope)])
  })

  test('wakes those that listen', async () => {
    const bodies: Uint8Array[] = []
    const arrived = new Promise<void>((resolve) => {
      client.subscribe(relay.host, ada.signer, 0, {
        received: async (batch) => {
          bodies.push(...batch.map(({ envelope }) => envelope))
          resolve()
        },
        drained: () => void deposit([target(ada)], Uint8Array.of(7)),
        stateChanged: () => undefined,
      })
    })
    await arrived
    expect(bodies).toEqual([Buffer.of(7)])
  })

  test('says of each target what became of it', async () => {
    const outcomes = await deposit([
      { ...target(ada), token: randomBytes(32) },
      target(ben),
      { ...target(ada), deviceId: 7 },
    ])
    expect(outcomes).toEqual(['DELIVERY_REFUSED', null, 'DELIVERY_REFUSED'])
  })

  test('keeps to the limits of each token and mailbox', async () => {
    await restart({
      limits: { mailboxEnvelopes: 1 },
      rates: { deposits: { burst: 2, everyMs: 60_000 } },
    })
    const again = target(ada)
    expect(await deposit([again, again, target(ben), target(ada)])).toEqual([
      null,
      null,
      null,
      'RATE_LIMITED',
    ])
    expect(await deposit([target(ben), target(ada)])).toEqual(['MAILBOX_FULL', 'RATE_LIMITED'])
  })

  test('of guessed tokens runs into the limit of its address', async () => {
    await restart({ trustProxy: true, rates: { signed: { burst: 8, everyMs: 60_000 } } })
    const guesses = Array.from({ length: 10 }, () => ({ ...target(ada), token: randomBytes(32) }))
    const outcomes = await deposit(guesses)
    // Six requests were spent on making the accounts.
    expect(outcomes.slice(0, 2)).toEqual(['DELIVERY_REFUSED', 'DELIVERY_REFUSED'])
    expect(new Set(outcomes.slice(2))).toEqual(new Set(['RATE_LIMITED']))
  })

  test('takes 256 targets and the largest envelope, and no more', async () => {
    await restart({ rates: { deposits: { burst: 1_000, everyMs: 1 } } })
    const targets = Array.from({ length: 256 }, () => target(ada))
    expect(await deposit(targets, randomBytes(65_536))).toContain(null)
    const one = { id: randomBytes(16), token: ada.token, deviceId: 1 }
    expect(await send(encodeBatch({ targets: [one], body: randomBytes(65_537) }))).toMatchObject({
      status: 413,
      code: 'TOO_LARGE',
    })
    const many = encodeBatch({ targets: targets.map(() => one), body: Uint8Array.of(1) })
    many.set([1, 1], 1)
    expect(await send(many)).toMatchObject({ status: 400, code: 'INVALID_INPUT' })
  })

  test.each([
    ['of another version', (batch: Uint8Array) => batch.with(0, 2)],
    ['without targets', () => Uint8Array.of(1, 0, 0, 9)],
    ['without a body', (batch: Uint8Array) => batch.subarray(0, 55)],
    ['cut off', (batch: Uint8Array) => batch.subarray(0, 30)],
    ['without anything', () => new Uint8Array(0)],
  ])('%s is refused', async (_name, change) => {
    const one = { id: randomBytes(16), token: ada.token, deviceId: 1 }
    const batch = encodeBatch({ targets: [one], body: Uint8Array.of(5) })
    expect(await send(change(batch))).toMatchObject({ status: 400, code: 'INVALID_INPUT' })
  })

  test('answers to a deposit by its id as a single one would', async () => {
    const envelopeId = randomBytes(16)
    await deposit([target(ada, envelopeId)])
    const headers = { 'sotto-delivery-token': encodeBase64Url(ada.token), 'sotto-device': '1' }
    const path = `/v1/envelopes/${encodeBase64Url(envelopeId)}`
    expect((await call(relay, 'PUT', path, { body: randomBytes(9), headers })).status).toBe(200)
  })
})

describe('the form of a batch', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  const targets = fc.array(
    fc.record({
      id: bytes(16),
      token: bytes(32),
      deviceId: fc.integer({ min: 0, max: 0xffff_ffff }),
    }),
    { minLength: 1, maxLength: 256 },
  )

  test('decoding gives what was encoded', () => {
    fc.assert(
      fc.property(targets, fc.uint8Array({ minLength: 1 }), (some, body) => {
        expect(decodeBatch(encodeBatch({ targets: some, body }))).toEqual({ targets: some, body })
      }),
    )
  })

  test('arbitrary bytes never throw, and are read only in the one form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (body) => {
        const batch = decodeBatch(body)
        if (batch !== null) expect(encodeBatch(batch)).toEqual(body)
      }),
    )
  })
})
