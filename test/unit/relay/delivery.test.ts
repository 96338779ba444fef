import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayOptions } from '#relay/config.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { call, testAccount, testClient, testRelay, unwrap, type TestRelay } from './harness.ts'

let relay: TestRelay
let client: RelayClient
let alice: Awaited<ReturnType<typeof testAccount>>

async function start(options: RelayOptions = {}): Promise<void> {
  relay = await testRelay(options)
  client = testClient()
  alice = await testAccount(relay, client, 'alice')
}

async function restart(options: RelayOptions): Promise<void> {
  await client.close()
  await relay.close()
  await start(options)
}

beforeEach(() => start())
afterEach(async () => {
  await client.close()
  await relay.close()
})

function deposit(id = randomBytes(16), body = randomBytes(100), token = alice.token) {
  return call(relay, 'PUT', `/v1/envelopes/${encodeBase64Url(id)}`, {
    body,
    headers: { 'sotto-delivery-token': encodeBase64Url(token), 'sotto-device': '1' },
  })
}

function knock(options: { name?: string; body?: Uint8Array; from?: string } = {}) {
  return call(relay, 'PUT', `/v1/knocks/${encodeBase64Url(randomBytes(16))}`, {
    body: options.body ?? randomBytes(100),
    headers: {
      'sotto-account': options.name ?? 'alice',
      'sotto-device': '1',
      ...(options.from !== undefined && { 'x-forwarded-for': options.from }),
    },
  })
}

describe('depositing', () => {
  test('the first time it is 201, then 200', async () => {
    const id = randomBytes(16)
    expect((await deposit(id)).status).toBe(201)
    expect((await deposit(id)).status).toBe(200)
  })

  test('a wrong token, a revoked one and an unknown device look the same', async () => {
    unwrap(
      await client.putTokens(relay.host, alice.signer, {
        add: [],
        revoke: [tokenHash(alice.token)],
      }),
    )
    const refusals = [
      await deposit(),
      await deposit(randomBytes(16), randomBytes(100), randomBytes(32)),
      await call(relay, 'PUT', `/v1/envelopes/${encodeBase64Url(randomBytes(16))}`, {
        body: randomBytes(5),
        headers: {
          'sotto-delivery-token': encodeBase64Url(alice.token),
          'sotto-device': '4294967296',
        },
      }),
    ]
    for (const { status, body } of refusals) {
      expect(status).toBe(403)
      expect(body).toEqual(refusals[0]?.body)
      expect(body).toMatchObject({ code: 'DELIVERY_REFUSED' })
    }
  })

  test('the largest envelope is taken, one byte more is not', async () => {
    expect((await deposit(randomBytes(16), randomBytes(65_536))).status).toBe(201)
    expect(await deposit(randomBytes(16), randomBytes(65_537))).toMatchObject({
      status: 413,
      code: 'TOO_LARGE',
    })
  })

  test('an empty one is not an envelope', async () => {
    expect(await deposit(randomBytes(16), new Uint8Array(0))).toMatchObject({
      status: 400,
      code: 'INVALID_INPUT',
    })
  })

  test('a full mailbox says so', async () => {
    await restart({ limits: { mailboxEnvelopes: 2 } })
    await deposit()
    await deposit()
    expect(await deposit()).toMatchObject({ status: 507, code: 'MAILBOX_FULL' })
  })

  test('too many of one sender are put off, with the time to wait', async () => {
    await restart({ rates: { deposits: { burst: 2, everyMs: 5_000 } } })
    await deposit()
    await deposit()
    const refused = await deposit()
    expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMITED' })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3)
    expect((refused.body as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(3_000)
  })
})

describe('knocking', () => {
  test('needs an account that is there', async () => {
    expect((await knock()).status).toBe(201)
    expect(await knock({ name: 'nobody' })).toMatchObject({ status: 404, code: 'ACCOUNT_UNKNOWN' })
  })

  test('is small', async () => {
    expect((await knock({ body: randomBytes(16_384) })).status).toBe(201)
    expect(await knock({ body: randomBytes(16_385) })).toMatchObject({
      status: 413,
      code: 'TOO_LARGE',
    })
  })

  test('is rare: few an hour from one address, few that wait at one device', async () => {
    await restart({ trustProxy: true, limits: { mailboxKnocks: 7 } })
    const statuses: number[] = []
    for (let count = 0; count < 6; count++) {
      statuses.push((await knock({ from: '192.0.2.1' })).status)
    }
    expect(statuses).toEqual([201, 201, 201, 201, 201, 429])
    expect((await knock({ from: '192.0.2.2' })).status).toBe(201)
    expect((await knock({ from: '192.0.2.3' })).status).toBe(201)
    expect(await knock({ from: '192.0.2.4' })).toMatchObject({ status: 507, code: 'MAILBOX_FULL' })
  })
})

describe('limits by address', () => {
  test('what a client says of itself behind a proxy is not believed', async () => {
    await restart({ trustProxy: true, rates: { knocks: { burst: 1, everyMs: 60_000 } } })
    expect((await knock({ from: '198.51.100.1, 192.0.2.1' })).status).toBe(201)
    expect((await knock({ from: '198.51.100.2, 192.0.2.1' })).status).toBe(429)
    expect((await knock({ from: '198.51.100.2, 192.0.2.2' })).status).toBe(201)
  })

  test('registrations are few', async () => {
    await restart({ trustProxy: true })
    const codes: (string | null)[] = []
    for (let count = 0; count < 7; count++) {
      const headers = { 'x-forwarded-for': '192.0.2.9' }
      codes.push((await call(relay, 'POST', '/v1/accounts', { body: '{}', headers })).code)
    }
    expect(codes).toContain('INVALID_INPUT')
    const many = Array.from({ length: 130 }, () =>
      call(relay, 'GET', '/v1/names/bob', { headers: { 'x-forwarded-for': '192.0.2.10' } }),
    )
    const statuses = (await Promise.all(many)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(5)
    expect((await call(relay, 'GET', '/v1/names/bob')).status).toBe(200)
  })

  test('bundles are few, and one requester cannot use up the one-time keys', async () => {
    await restart({ trustProxy: true })
    const take = (from: string) =>
      call(relay, 'POST', '/v1/accounts/alice/bundles', {
        headers: {
          'idempotency-key': encodeBase64Url(randomBytes(16)),
          'x-forwarded-for': from,
        },
      })
    const statuses: number[] = []
    for (let count = 0; count < 7; count++) statuses.push((await take('192.0.2.1')).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429])
    expect((await take('192.0.2.2')).status).toBe(200)
  })
})

test('it serves its own description', async () => {
  const { status, body } = await call(relay, 'GET', '/openapi.json')
  expect(status).toBe(200)
  expect(Object.keys((body as { paths: object }).paths).toSorted()).toEqual([
    '/healthz',
    '/readyz',
    '/v1/accounts',
    '/v1/accounts/{name}',
    '/v1/accounts/{name}/bundles',
    '/v1/acks',
    '/v1/devices/{id}/prekeys',
    '/v1/envelopes',
    '/v1/envelopes/{id}',
    '/v1/info',
    '/v1/knocks/{id}',
    '/v1/log',
    '/v1/log/consistency',
    '/v1/log/names/{name}',
    '/v1/names/{name}',
    '/v1/sessions',
    '/v1/tokens',
  ])
})
