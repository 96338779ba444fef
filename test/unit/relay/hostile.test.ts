import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { RequestSigner } from '#core/ports.ts'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { ERRORS } from '#shared/errors.ts'
import {
  call,
  memoryStorage,
  signed,
  testAccount,
  testClient,
  testRelay,
  type TestRelay,
} from './harness.ts'

const GENEROUS = { burst: 1_000_000, everyMs: 1 }
const ROUTES = [
  ['POST', '/v1/accounts'],
  ['GET', '/v1/accounts/alice'],
  ['DELETE', '/v1/accounts/alice'],
  ['POST', '/v1/accounts/alice/bundles'],
  ['GET', '/v1/names/alice'],
  ['POST', '/v1/sessions'],
  ['PUT', '/v1/devices/1/prekeys'],
  ['GET', '/v1/devices/1/prekeys'],
  ['PUT', '/v1/tokens'],
  ['PUT', '/v1/envelopes/AAAAAAAAAAAAAAAAAAAAAA'],
  ['PUT', '/v1/knocks/AAAAAAAAAAAAAAAAAAAAAA'],
  ['GET', '/v1/envelopes'],
  ['POST', '/v1/acks'],
  ['GET', '/v1/stream'],
] as const

let relay: TestRelay
let client: RelayClient
let alice: RequestSigner

beforeAll(async () => {
  relay = await testRelay({
    rates: {
      deposits: GENEROUS,
      knocks: GENEROUS,
      lookups: GENEROUS,
      signed: GENEROUS,
      registrations: GENEROUS,
      device: GENEROUS,
    },
  })
  client = testClient()
  alice = (await testAccount(relay, client, 'alice')).signer
})
afterAll(async () => {
  await client.close()
  await relay.close()
})

/** Whatever was asked, the answer is a success or an error of the table, and gives nothing away. */
function expectCivil(answer: { status: number; code: string | null; body: unknown }): void {
  expect(answer.status).toBeLessThan(500)
  const text = JSON.stringify(answer.body)
  expect(text).not.toMatch(/\\n\s*at |node_modules|\.ts:|SQLITE|Error:/)
  if (answer.status >= 400) {
    expect(Object.keys(ERRORS)).toContain(answer.code)
    expect(ERRORS[answer.code as keyof typeof ERRORS]).toMatchObject({ http: answer.status })
  }
}

/** Sends bytes as they are; gives the status line of what comes back, or nothing. */
function sendRaw(bytes: string | Uint8Array, waitMs = 1_000, target = relay): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(target.url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(done, waitMs)
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      if (answer.includes('\r\n\r\n')) done()
    })
    socket.on('error', done)
    socket.on('close', done)
    socket.write(bytes)
  })
}

describe('hostile requests', () => {
  const route = fc.constantFrom(...ROUTES)
  const json = fc.jsonValue({ maxDepth: 4 })

  test('arbitrary JSON on every route, signed or not', async () => {
    await fc.assert(
      fc.asyncProperty(route, json, fc.boolean(), async ([method, path], value, isSigned) => {
        const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(value)
        // A DELETE signed rightly would do what it says.
        const headers =
          isSigned && method !== 'DELETE' ? signed(relay, alice, method, path, body) : {}
        expectCivil(await call(relay, method, path, { ...(body && { body }), headers }))
      }),
      { numRuns: 300 },
    )
  })

  test('bodies close to what is expected', async () => {
    const registration = {
      name: 'bob',
      signingKey: { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) },
      device: { id: 1, certificate: 'AAAA' },
    }
    const strange = fc.oneof(json, fc.string(), fc.double(), fc.constant(2 ** 53), fc.constant(-1))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('name', 'signingKey', 'device', 'work', 'inviteCode', '__proto__'),
        strange,
        async (member, value) => {
          const changed = `{"x":0,${JSON.stringify({ ...registration, [member]: value }).slice(1)}`
          for (const body of [changed, JSON.stringify({ ...registration, [member]: value })]) {
            const headers = signed(relay, alice, 'POST', '/v1/accounts', body, { keyId: 'bob' })
            expectCivil(await call(relay, 'POST', '/v1/accounts', { body, headers }))
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  test('arbitrary paths and queries', async () => {
    const segment = fc
      .string({ unit: 'binary', maxLength: 40 })
      .map((text) => encodeURIComponent(text))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH'),
        fc.constantFrom('', 'v1/', 'v1/accounts/', 'v1/names/', 'v1/envelopes/', 'v1/envelopes?'),
        segment,
        async (method, start, rest) => {
          expectCivil(await call(relay, method, `/${start}${rest}`))
        },
      ),
      { numRuns: 200 },
    )
  })

  test('arbitrary header values', async () => {
    const value = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
    })
    const name = fc.constantFrom(
      'signature',
      'signature-input',
      'content-digest',
      'sotto-delivery-token',
      'sotto-device',
      'sotto-account',
      'idempotency-key',
      'content-type',
      'x-forwarded-for',
    )
    await fc.assert(
      fc.asyncProperty(route, fc.dictionary(name, value), async ([method, path], headers) => {
        const body = method === 'GET' ? undefined : randomBytes(10)
        expectCivil(await call(relay, method, path, { headers, ...(body && { body }) }))
      }),
      { numRuns: 200 },
    )
  })

  test.each([
    ['JSON that is none', 'POST', '/v1/accounts', '{"name":', 400, 'INVALID_INPUT'],
    [
      'JSON that would change prototypes',
      'POST',
      '/v1/accounts',
      '{"__proto__":{}}',
      400,
      'INVALID_INPUT',
    ],
    ['deeply nested JSON', 'POST', '/v1/accounts', '['.repeat(30_000), 400, 'INVALID_INPUT'],
    ['a body too large', 'POST', '/v1/accounts', ' '.repeat(70_000), 413, 'TOO_LARGE'],
    ['an unknown route', 'GET', '/v2/info', undefined, 404, 'NOT_FOUND'],
    ['a path out of the root', 'GET', '/../../etc/passwd', undefined, 404, 'NOT_FOUND'],
    ['a method that is not offered', 'PATCH', '/v1/info', undefined, 405, 'METHOD_NOT_ALLOWED'],
    ['an escape that is none', 'GET', '/v1/names/%zz', undefined, 400, 'INVALID_INPUT'],
  ] as const)('%s', async (_name, method, path, body, status, code) => {
    const answer = await call(relay, method, path, body === undefined ? {} : { body })
    expectCivil(answer)
    expect(answer).toMatchObject({ status, code })
  })

  test('a content type nobody asked for', async () => {
    const headers = { 'content-type': 'text/html' }
    const answer = await call(relay, 'POST', '/v1/accounts', { body: '<p>', headers })
    expect(answer).toMatchObject({ status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' })
  })

  test('arbitrary bytes instead of HTTP', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const answer = await sendRaw(bytes, 30)
        if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`, 413],
    [
      'two lengths',
      'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
      400,
    ],
    ['a negative length', 'PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n', 400],
    ['a TLS greeting', Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3), 400],
  ] as const)('%s', async (_name, bytes, status) => {
    expect(await sendRaw(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  // Each of these was found by fuzzing: an answer that was not the relay's, or a connection that stayed.
  test.each([
    ['an expectation nobody has', 'GET /v1/info HTTP/1.1\r\nhost: a\r\nexpect: much\r\n\r\n'],
    ['no host', 'GET /v1/info HTTP/1.1\r\nx: y\r\n\r\n'],
    [
      'a handshake without a key',
      'GET /v1/stream HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ],
    [
      'an upgrade without a host',
      'GET /v1/stream HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ],
    [
      'an upgrade of a path that is none',
      'GET /% HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ],
  ])('%s is answered with a code, and the connection ends', async (_name, bytes) => {
    const answer = await new Promise<string>((resolve) => {
      const { hostname, port } = new URL(relay.url)
      const socket = connect(Number(port), hostname)
      let received = ''
      socket.on('data', (chunk) => (received += chunk.toString('latin1')))
      socket.on('end', () => resolve(received))
      socket.write(bytes.replace('HTTP/1.1\r\nx', 'HTTP/1.1\r\nconnection: close\r\nx'))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(answer.toLowerCase()).toContain('content-type: application/json')
    const { code } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { code: string }
    expect(['INVALID_INPUT', 'UNAUTHORIZED']).toContain(code)
  })

  test('a page in a browser is refused, whatever it asks and however', async () => {
    const headers = { origin: 'https://example.com' }
    for (const path of ['/v1/info', '/v1/nothing', '/v1/blobs/AAAAAAAAAAAAAAAAAAAAAA']) {
      const answer = await call(relay, 'GET', path, { headers })
      expect(answer).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    }
    const bundles = await call(relay, 'POST', '/v1/accounts/alice/bundles', { headers })
    expect(bundles).toMatchObject({ status: 403, code: 'FORBIDDEN' })
    const socket = new WebSocket(`ws://${relay.host}/v1/deposits`, headers)
    const status = await new Promise((resolve) => {
      socket.once('open', () => resolve(101))
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      socket.on('error', () => undefined)
    })
    socket.terminate()
    expect(status).toBe(403)
  })

  // Found by fuzzing: it ended the relay.
  test('an upgrade behind a request that waits for its answer ends the connection alone', async () => {
    const closed = await new Promise<string>((resolve) => {
      const { hostname, port } = new URL(relay.url)
      const socket = connect(Number(port), hostname)
      let received = ''
      socket.on('data', (chunk) => (received += chunk.toString('latin1')))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(received))
      socket.write(
        'GET /v1/names/bob HTTP/1.1\r\nhost: a\r\n\r\n' +
          'GET /v1/deposits HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
          'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      )
    })
    expect(closed).not.toContain(' 101 ')
    expect(await call(relay, 'GET', '/healthz')).toMatchObject({ status: 200 })
  })

  test.each([
    ['its headers', 'GET /v1/info HTTP/1.1\r\nhost: a\r\n'],
    [
      'its body',
      'POST /v1/accounts HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    ],
  ])('a client that never ends %s is cut off', async (_name, start) => {
    const impatient = await testRelay({ limits: { requestTimeoutMs: 200 } })
    const answer = await sendRaw(start, 5_000, impatient)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    await impatient.close()
  })

  test('a full disk refuses what would be stored, answers the rest, and recovers', async () => {
    const storage = memoryStorage({ maxPages: 90 })
    const full = await testRelay({ rates: { deposits: GENEROUS } }, { storage })
    const { signer, token } = await testAccount(full, client, 'alice')
    const deposit = () =>
      client.deposit(full.host, {
        envelopeId: randomBytes(16),
        deviceId: 1,
        token,
        envelope: randomBytes(20_000),
      })
    let outcome = await deposit()
    for (let count = 0; outcome.ok && count < 50; count++) outcome = await deposit()
    expect(outcome).toMatchObject({ ok: false, error: { code: 'RELAY_FULL' } })
    expect(await client.nameFree(full.host, 'alice')).toEqual({ ok: true, value: false })
    expect(await call(full, 'GET', '/readyz')).toMatchObject({ status: 200 })
    await storage.expire(Date.now() + 1_000, 1)
    expect(await deposit()).toEqual({ ok: true, value: undefined })
    expect(await client.prekeysLeft(full.host, signer)).toMatchObject({ ok: true })
    await full.close()
  })

  test('it still works after all this', async () => {
    expect(await call(relay, 'GET', '/readyz')).toMatchObject({ status: 200 })
    expect(await call(relay, 'GET', '/v1/accounts/alice')).toMatchObject({ status: 200 })
  })
})
