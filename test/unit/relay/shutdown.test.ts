import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { ConnectionState } from '#core/ports.ts'
import type { RelayOptions } from '#relay/config.ts'
import { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import {
  call,
  ShiftedClock,
  testAccount,
  testClient,
  testRelay,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

let folder: string
const closing: (() => Promise<unknown>)[] = []
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sotto-shutdown-'))))
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
  rmSync(folder, { recursive: true })
})

async function start(options: RelayOptions = {}): Promise<TestRelay> {
  const relay = await testRelay({ dataDir: folder, ...options })
  closing.push(() => relay.close())
  return relay
}

function makeClient(): RelayClient {
  const client = testClient()
  closing.push(() => client.close())
  return client
}

describe('a relay that ends', () => {
  test('says first that it is not ready, and serves on while load balancers take note', async () => {
    const relay = await start({ drainMs: 400 })
    const client = makeClient()
    const { token } = await testAccount(relay, client, 'alice')
    expect((await call(relay, 'GET', '/readyz')).status).toBe(200)
    const closed = relay.close()
    expect(await call(relay, 'GET', '/readyz')).toMatchObject({ status: 503, code: 'OVERLOADED' })
    expect((await call(relay, 'GET', '/healthz')).status).toBe(200)
    const envelope = Uint8Array.of(1)
    const envelopeId = randomBytes(16)
    unwrap(await client.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope }))
    await closed
    await expect(call(relay, 'GET', '/healthz')).rejects.toThrow()
  })

  test('answers a request that it has begun to read, and keeps what it acknowledges', async () => {
    const relay = await start()
    const client = makeClient()
    const { token } = await testAccount(relay, client, 'alice')
    const id = randomBytes(16)
    const outgoing = request(`${relay.url}/v1/envelopes/${encodeBase64Url(id)}`, {
      method: 'PUT',
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': 4,
        'sotto-delivery-token': encodeBase64Url(token),
        'sotto-device': '1',
      },
    })
    outgoing.write(Uint8Array.of(1, 2))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const closed = relay.close()
    await new Promise((resolve) => setTimeout(resolve, 100))
    outgoing.end(Uint8Array.of(3, 4))
    const [response] = (await once(outgoing, 'response')) as [
      { statusCode: number; resume(): void },
    ]
    response.resume()
    expect(response.statusCode).toBe(201)
    await closed

    const next = await start()
    const again = await call(next, 'PUT', `/v1/envelopes/${encodeBase64Url(id)}`, {
      body: Uint8Array.of(1, 2, 3, 4),
      headers: { 'sotto-delivery-token': encodeBase64Url(token), 'sotto-device': '1' },
    })
    expect(again.status).toBe(200)
  })

  test('opens no WebSocket any more, whose end it would have to wait for', async () => {
    const relay = await start()
    const { hostname, port } = new URL(relay.url)
    const kept = connect(Number(port), hostname)
    let answer = ''
    kept.on('data', (chunk) => (answer += chunk.toString('latin1')))
    // The relay may have ended the connection already when the upgrade arrives.
    kept.on('error', () => undefined)
    // A request under way, so that the connection is not idle when the relay closes those.
    const path = `/v1/envelopes/${encodeBase64Url(randomBytes(16))}`
    const token = encodeBase64Url(randomBytes(32))
    kept.write(
      `PUT ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\n` +
        `sotto-delivery-token: ${token}\r\nsotto-device: 1\r\ncontent-length: 2\r\n\r\na`,
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    const closed = relay.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    kept.write('b')
    await until(() => answer.includes('DELIVERY_REFUSED'))
    kept.write(
      'GET /v1/deposits HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
        'sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    )
    await closed
    expect(answer).not.toContain(' 101 ')
  })

  test('and starts again has its devices back, which never count it as a failure', async () => {
    const relay = await start()
    // The random wait of the device in the middle: time enough to start.
    const random = (length: number): Uint8Array<ArrayBuffer> =>
      length === 2 ? new Uint8Array(length).fill(128) : randomBytes(length)
    const client = new RelayClient({ clock: new ShiftedClock(), random })
    closing.push(() => client.close())
    const { signer } = await testAccount(relay, client, 'alice')
    const states: ConnectionState['kind'][] = []
    const subscription = client.subscribe(relay.host, signer, 0, {
      received: () => Promise.resolve(),
      drained: () => undefined,
      stateChanged: ({ kind }) => states.push(kind),
    })
    closing.push(() => subscription.close())
    await until(() => states.includes('online'))
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await relay.close()
    await start({ port: Number(new URL(relay.url).port) })
    await until(() => states.filter((kind) => kind === 'online').length === 2)
    expect(states).not.toContain('offline')
  })
})
