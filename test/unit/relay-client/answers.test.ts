import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { CERTIFICATE, testClient, testSigner } from '../relay/harness.ts'

let client: RelayClient
let server: Server | null = null

beforeEach(() => {
  client = testClient()
})
afterEach(async () => {
  await client.close()
  server?.closeAllConnections()
  await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)))
  server = null
})

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener)
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(started.address() as AddressInfo).port}`
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }

const INFO = {
  service: 'sotto-relay',
  version: '9.9.9',
  protocolVersions: [1],
  registration: 'open',
  work: { bits: 0, salt: encodeBase64Url(new Uint8Array(16)) },
  limits: {
    envelopeBytes: 1,
    knockBytes: 1,
    mailboxEnvelopes: 1,
    mailboxBytes: 1,
    retentionMs: 1,
  },
  serverTimeMs: 5,
  era: encodeBase64Url(new Uint8Array(16)),
}

describe('what a relay says about itself', () => {
  test('is taken where it is well-formed, unknown members included', async () => {
    const host = await serve(json(200, { ...INFO, more: 1 }))
    expect(await client.info(host)).toEqual({
      ok: true,
      value: { version: '9.9.9', registration: 'open', secure: false, serverTimeMs: 5 },
    })
  })

  test.each<[string, RequestListener, string]>([
    ['another web server', (_q, r) => r.end('<html>'), 'RELAY_NOT_SOTTO'],
    [
      'another web server without this page',
      (_q, r) => r.writeHead(404).end('no'),
      'RELAY_NOT_SOTTO',
    ],
    ['another service with JSON', json(200, { hello: 1 }), 'RELAY_NOT_SOTTO'],
    ['another registration policy', json(200, { ...INFO, registration: 'x' }), 'RELAY_NOT_SOTTO'],
    ['a newer protocol only', json(200, { ...INFO, protocolVersions: [2] }), 'CLIENT_TOO_OLD'],
    [
      'a gateway whose relay is away',
      (_q, r) => r.writeHead(502).end('<html>'),
      'RELAY_UNREACHABLE',
    ],
    ['a redirect', (_q, r) => r.writeHead(302, { location: '/' }).end(), 'RELAY_NOT_SOTTO'],
    ['a connection cut short', (q) => q.socket.destroy(), 'RELAY_UNREACHABLE'],
    ['an answer without end', (_q, r) => void r.write('x'.repeat(5_000_000)), 'RELAY_NOT_SOTTO'],
    ['overload', json(503, { code: 'OVERLOADED', message: 'x' }), 'OVERLOADED'],
  ])('%s', async (_name, listener, code) => {
    expect(await client.info(await serve(listener))).toMatchObject({ ok: false, error: { code } })
  })

  test('nobody there', async () => {
    const host = await serve(json(200, INFO))
    server?.close()
    server?.closeAllConnections()
    expect(await client.info(host)).toMatchObject({ error: { code: 'RELAY_UNREACHABLE' } })
  })
})

describe('answers of a hostile relay', () => {
  const identity = (host: string) => client.fetchIdentity(host, 'alice')
  const point = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }

  test.each([
    ['a key off the curve', { signingKey: point, devices: [] }],
    ['a key with a private part', { signingKey: { ...point, d: 'A'.repeat(43) }, devices: [] }],
    ['a member missing', { devices: [] }],
    ['too many devices', { signingKey: point, devices: Array.from({ length: 99 }, () => ({})) }],
    ['a number for an answer', 5],
    ['nothing', null],
  ])('%s', async (_name, body) => {
    const host = await serve(json(200, body))
    expect(await identity(host)).toMatchObject({ ok: false, error: { code: 'RELAY_BAD_ANSWER' } })
  })

  test('an error code that has no place here is a bad answer', async () => {
    const host = await serve(json(409, { code: 'NAME_TAKEN', message: 'x' }))
    expect(await identity(host)).toMatchObject({ error: { code: 'RELAY_BAD_ANSWER' } })
  })

  test('an error code nobody knows is no answer of a relay', async () => {
    const host = await serve(json(400, { code: 'toString', message: 'x' }))
    expect(await identity(host)).toMatchObject({ error: { code: 'RELAY_NOT_SOTTO' } })
  })

  test('a time to wait is believed up to an hour', async () => {
    const limited = { code: 'RATE_LIMITED', message: 'x', retryAfterMs: 1e12 }
    const host = await serve(json(429, limited))
    expect(await identity(host)).toMatchObject({
      error: { code: 'RATE_LIMITED', retryAfterMs: 3_600_000 },
    })
  })

  test('a deposit succeeds only by the right answer', async () => {
    const host = await serve(json(200, {}))
    const deposit = {
      envelopeId: randomBytes(16),
      deviceId: 1,
      token: randomBytes(32),
      envelope: randomBytes(9),
    }
    expect(await client.deposit(host, deposit)).toMatchObject({
      ok: false,
      error: { code: 'RELAY_BAD_ANSWER' },
    })
  })

  test('absurd work is not done', async () => {
    const host = await serve(json(200, { ...INFO, work: { ...INFO.work, bits: 30 } }))
    const device = { certificate: CERTIFICATE }
    expect(await client.register(host, testSigner('alice'), device, null)).toMatchObject({
      error: { code: 'RELAY_BAD_ANSWER' },
    })
  })
})
