import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodePublicJwk } from '#crypto/jwk.ts'
import { decodePoint } from '#crypto/points.ts'
import { randomBytes } from '#crypto/primitives.ts'
import type { RequestSigner } from '#core/ports.ts'
import type { RelayOptions } from '#relay/config.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import {
  call,
  CERTIFICATE,
  ShiftedClock,
  signed,
  testClient,
  testPrekeys,
  testRelay,
  testSigner,
  unwrap,
  type SignatureChange,
  type TestRelay,
} from './harness.ts'

let relay: TestRelay
let client: RelayClient
const clock = new ShiftedClock()

beforeEach(async () => {
  clock.shiftMs = 0
  relay = await testRelay({}, { nowMs: () => clock.nowMs() })
  client = testClient()
})
afterEach(async () => {
  await client.close()
  await relay.close()
})

function jwkOf(signer: RequestSigner) {
  const point = decodePoint(signer.signingKey)
  if (point === null) throw new Error('no point')
  return encodePublicJwk(point)
}

function registration(signer: RequestSigner, change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    name: signer.name,
    signingKey: jwkOf(signer),
    device: { id: 1, certificate: encodeBase64Url(CERTIFICATE) },
    ...change,
  })
}

function register(signer: RequestSigner, body: string, change: SignatureChange = {}) {
  const headers = signed(relay, signer, 'POST', '/v1/accounts', body, change)
  return call(relay, 'POST', '/v1/accounts', { body, headers })
}

describe('registering', () => {
  test('a new account is created, and the same again is not an error', async () => {
    const alice = testSigner('alice')
    const first = await register(alice, registration(alice))
    const second = await register(alice, registration(alice))
    expect([first.status, second.status]).toEqual([201, 200])
    expect(first.body).toEqual({
      signingKey: jwkOf(alice),
      devices: [{ id: 1, certificate: encodeBase64Url(CERTIFICATE) }],
    })
  })

  test('a name taken by another key is refused', async () => {
    const alice = testSigner('alice')
    await register(alice, registration(alice))
    const mallory = testSigner('alice')
    expect(await register(mallory, registration(mallory))).toMatchObject({
      status: 409,
      code: 'NAME_TAKEN',
    })
  })

  test.each(['a', '-alice', 'Alice', 'al ice', 'älice', 'a'.repeat(33), '.'])(
    'the name "%s" is not valid',
    async (name) => {
      const signer = testSigner('alice')
      const body = registration(signer, { name })
      expect(await register(signer, body)).toMatchObject({ status: 400, code: 'NAME_INVALID' })
    },
  )

  test('the key must be the one that signs, and for that name', async () => {
    const alice = testSigner('alice')
    const other = testSigner('alice')
    const unproven = await register(alice, registration(other))
    expect(unproven).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
    const bob = await register(alice, registration(alice), { keyId: 'bob' })
    expect(bob).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
  })

  test('a key off the curve is refused', async () => {
    const alice = testSigner('alice')
    const signingKey = { ...jwkOf(alice), y: encodeBase64Url(new Uint8Array(32).fill(1)) }
    const body = registration(alice, { signingKey })
    expect(await register(alice, body)).toMatchObject({ status: 400, code: 'KEY_INVALID' })
  })

  test.each([
    { device: { id: 0, certificate: 'AAAA' } },
    { device: { id: 2 ** 32, certificate: 'AAAA' } },
    { device: { id: 1, certificate: 'AB' } },
    { device: { id: 1, certificate: 'A'.repeat(1_400) } },
    { device: { id: 1 } },
    { surprise: true },
    { work: -1 },
  ])('%j is not accepted', async (change) => {
    const alice = testSigner('alice')
    const body = registration(alice, change)
    expect(await register(alice, body)).toMatchObject({ status: 400, code: 'INVALID_INPUT' })
  })

  test('a relay that wants work refuses without', async () => {
    await relay.close()
    relay = await testRelay({ powBits: 12 })
    const alice = testSigner('alice')
    expect(await register(alice, registration(alice, { work: 0 }))).toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
    })
    unwrap(await client.register(relay.host, alice, { certificate: CERTIFICATE }, null))
  })

  test.each<[RelayOptions, string, number]>([
    [{ registration: 'open', powBits: 12 }, 'open', 0],
    [{ registration: 'work', powBits: 12 }, 'work', 12],
    [{ registration: 'work', powBits: 0 }, 'open', 0],
    [{ registration: 'invite', powBits: 12 }, 'invite', 0],
  ])('%j is told as %s with %i bits of work', async (options, registration, bits) => {
    await relay.close()
    relay = await testRelay(options)
    const info = await call(relay, 'GET', '/v1/info')
    expect(info.body).toMatchObject({ registration, work: { bits } })
    expect(await client.info(relay.host)).toMatchObject({ ok: true, value: { registration } })
    const registered = await client.register(
      relay.host,
      testSigner('alice'),
      { certificate: CERTIFICATE },
      null,
    )
    expect(registered.ok).toBe(registration !== 'invite')
  })

  test('an invite-only relay wants a code', async () => {
    await relay.close()
    relay = await testRelay({ registration: 'invite' })
    const device = { certificate: CERTIFICATE }
    const alice = testSigner('alice')
    expect(await client.register(relay.host, alice, device, null)).toMatchObject({
      error: { code: 'INVITE_CODE_REQUIRED' },
    })
    expect(await client.register(relay.host, alice, device, 'wrong')).toMatchObject({
      error: { code: 'INVITE_CODE_INVALID' },
    })
  })
})

describe('signed requests', () => {
  const PATH = '/v1/sessions'
  const BODY = '{"deviceId":1}'
  let alice: RequestSigner
  const open = (change: SignatureChange = {}, body = BODY, signer = alice) =>
    call(relay, 'POST', PATH, {
      body,
      headers: signed(relay, signer, 'POST', PATH, BODY, change),
    })

  beforeEach(async () => {
    alice = testSigner('alice')
    await register(alice, registration(alice))
  })

  test('a right one is accepted', async () => {
    expect((await open()).status).toBe(200)
  })

  test.each([
    ['another method', { method: 'PUT' }],
    ['another path', { url: 'http://127.0.0.1/v1/other' }],
    ['an algorithm that is not for this route', { algorithm: 'hmac-sha256' as const }],
    ['a longer life than a minute', { expiresSeconds: Math.floor(Date.now() / 1_000) + 100 }],
    ['an end before its beginning', { expiresSeconds: 1 }],
  ])('one for %s is refused', async (_name, change) => {
    expect(await open(change)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
  })

  test('one for another host is refused where the relay knows its own', async () => {
    await relay.close()
    relay = await testRelay({ publicUrl: 'https://relay.example.org' })
    const body = registration(alice)
    expect(await register(alice, body)).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
    const url = 'https://relay.example.org/v1/accounts'
    expect((await register(alice, body, { url })).status).toBe(201)
  })

  test('one over another body is refused', async () => {
    expect(await open({}, '{"deviceId":2}')).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
  })

  test('one by another key is refused', async () => {
    expect(await open({}, BODY, testSigner('alice'))).toMatchObject({
      status: 401,
      code: 'UNAUTHORIZED',
    })
  })

  test('none at all is refused', async () => {
    expect(await call(relay, 'POST', PATH, { body: BODY })).toMatchObject({
      status: 401,
      code: 'UNAUTHORIZED',
    })
  })

  test('one used again is refused', async () => {
    const headers = signed(relay, alice, 'POST', PATH, BODY)
    expect((await call(relay, 'POST', PATH, { body: BODY, headers })).status).toBe(200)
    expect(await call(relay, 'POST', PATH, { body: BODY, headers })).toMatchObject({
      status: 401,
      code: 'REPLAYED',
    })
  })

  test.each([-200, 200])('a clock off by %i seconds is told, with the time', async (seconds) => {
    const createdSeconds = Math.floor(Date.now() / 1_000) + seconds
    const answer = await open({ createdSeconds })
    expect(answer).toMatchObject({ status: 401, code: 'CLOCK_SKEW' })
    const { serverTimeMs } = answer.body as { serverTimeMs: number }
    expect(Math.abs(serverTimeMs - Date.now())).toBeLessThan(10_000)
  })

  test('a clock off by half a minute is good enough', async () => {
    const createdSeconds = Math.floor(Date.now() / 1_000) - 30
    expect((await open({ createdSeconds })).status).toBe(200)
  })

  test('an unknown account, another key and a wrong signature look the same', async () => {
    const garbage = { ...signed(relay, alice, 'POST', PATH, BODY) }
    garbage['signature'] = `sotto=:${Buffer.alloc(64, 7).toString('base64')}:`
    const answers = [
      await open({ keyId: 'nobody' }),
      await open({}, BODY, testSigner('alice')),
      await call(relay, 'POST', PATH, { body: BODY, headers: garbage }),
    ]
    const shown = answers.map(({ status, body, headers }) => ({
      status,
      body,
      headers: [...headers].filter(([name]) => name !== 'date'),
    }))
    expect(shown[0]).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } })
    expect(shown[1]).toEqual(shown[0])
    expect(shown[2]).toEqual(shown[0])
  })

  test('an unknown device is told, to its own account', async () => {
    const body = '{"deviceId":9}'
    const headers = signed(relay, alice, 'POST', PATH, body)
    expect(await call(relay, 'POST', PATH, { body, headers })).toMatchObject({
      code: 'ACCOUNT_UNKNOWN',
    })
  })

  test('a session ends after a quarter of an hour', async () => {
    unwrap(await client.prekeysLeft(relay.host, alice))
    clock.shiftMs = 16 * 60_000
    const later = testClient(clock)
    unwrap(await later.prekeysLeft(relay.host, alice))
    await later.close()
  })

  test("an account cannot touch another's", async () => {
    const bob = testSigner('bob')
    await register(bob, registration(bob))
    const path = '/v1/accounts/alice'
    const headers = signed(relay, bob, 'DELETE', path)
    expect(await call(relay, 'DELETE', path, { headers })).toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
    })
  })
})

describe('an account', () => {
  test('can be looked up without using up its keys, and is gone after deletion', async () => {
    const alice = testSigner('alice')
    unwrap(await client.register(relay.host, alice, { certificate: CERTIFICATE }, null))
    unwrap(await client.publishPrekeys(relay.host, alice, testPrekeys(1, 1, 2)))
    expect(unwrap(await client.fetchIdentity(relay.host, 'alice'))).toEqual({
      signingKey: alice.signingKey,
      devices: [{ deviceId: 1, certificate: CERTIFICATE }],
      log: null,
    })
    expect(unwrap(await client.prekeysLeft(relay.host, alice))).toMatchObject({ oneTime: 2 })
    unwrap(await client.deleteAccount(relay.host, alice))
    expect(await client.fetchIdentity(relay.host, 'alice')).toMatchObject({
      error: { code: 'ACCOUNT_UNKNOWN' },
    })
    expect(await client.prekeysLeft(relay.host, alice)).toMatchObject({
      error: { code: 'UNAUTHORIZED' },
    })
    const again = testSigner('alice')
    unwrap(await client.register(relay.host, again, { certificate: CERTIFICATE }, null))
  })

  test("a deleted account's session opens nothing of its successor", async () => {
    const alice = testSigner('alice')
    unwrap(await client.register(relay.host, alice, { certificate: CERTIFICATE }, null))
    unwrap(await client.prekeysLeft(relay.host, alice))
    const other = testClient()
    unwrap(await other.deleteAccount(relay.host, alice))
    const successor = testSigner('alice')
    unwrap(await other.register(relay.host, successor, { certificate: CERTIFICATE }, null))
    unwrap(await other.publishPrekeys(relay.host, successor, testPrekeys(1, 1, 2)))
    expect(await client.prekeysLeft(relay.host, alice)).toMatchObject({
      error: { code: 'UNAUTHORIZED' },
    })
    await other.close()
  })

  test('its bundles come whole, once each, and the same for a repeated request', async () => {
    const alice = testSigner('alice')
    const prekeys = testPrekeys(1, 1, 1)
    unwrap(await client.register(relay.host, alice, { certificate: CERTIFICATE }, null))
    expect(unwrap(await client.fetchBundles(relay.host, 'alice', randomBytes(16))).bundles).toEqual(
      [],
    )
    unwrap(await client.publishPrekeys(relay.host, alice, prekeys))
    const key = randomBytes(16)
    const first = unwrap(await client.fetchBundles(relay.host, 'alice', key))
    expect(first).toEqual({
      signingKey: alice.signingKey,
      bundles: [
        {
          deviceId: 1,
          certificate: CERTIFICATE,
          signedPrekey: prekeys.signed,
          kemPrekey: { ...prekeys.kemOneTime[0], lastResort: false },
          oneTimePrekey: prekeys.oneTime[0],
        },
      ],
      log: null,
    })
    expect(unwrap(await client.fetchBundles(relay.host, 'alice', key))).toEqual(first)
    const second = unwrap(await client.fetchBundles(relay.host, 'alice', randomBytes(16)))
    expect(second.bundles[0]).toMatchObject({
      kemPrekey: { ...prekeys.kemLastResort, lastResort: true },
      oneTimePrekey: null,
    })
    expect(await client.publishPrekeys(relay.host, alice, testPrekeys(0, 9, 1))).toMatchObject({
      error: { code: 'INVALID_INPUT' },
    })
  })

  test('an older upload of prekeys conflicts', async () => {
    const alice = testSigner('alice')
    unwrap(await client.register(relay.host, alice, { certificate: CERTIFICATE }, null))
    unwrap(await client.publishPrekeys(relay.host, alice, testPrekeys(5, 1, 1)))
    expect(await client.publishPrekeys(relay.host, alice, testPrekeys(4, 2, 1))).toMatchObject({
      error: { code: 'CONFLICT' },
    })
  })
})
