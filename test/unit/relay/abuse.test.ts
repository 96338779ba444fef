import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayOptions } from '#relay/config.ts'
import { RecentMap } from '#relay/recent-map.ts'
import type { RelayHooks } from '#relay/relay.ts'
import { Shares } from '#relay/shares.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { handshake } from '../../fuzz/raw-websocket.ts'
import { openSession, sessionHeaders } from './blobs-harness.ts'
import {
  call,
  CERTIFICATE,
  signed,
  testAccount,
  testClient,
  testRelay,
  testSigner,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

let relay: TestRelay
let client: RelayClient
let alice: Awaited<ReturnType<typeof testAccount>>
const sockets: Socket[] = []

async function start(options: RelayOptions, hooks: RelayHooks = {}): Promise<void> {
  relay = await testRelay(options, hooks)
  client = testClient()
  alice = await testAccount(relay, client, 'alice')
}

beforeEach(() => {
  sockets.length = 0
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await client.close()
  await relay.close()
})

const from = (address: string) => ({ 'x-forwarded-for': address })

function deposit(token: Uint8Array = alice.token, headers: Record<string, string> = {}) {
  return call(relay, 'PUT', `/v1/envelopes/${encodeBase64Url(randomBytes(16))}`, {
    body: randomBytes(50),
    headers: {
      'sotto-delivery-token': encodeBase64Url(token),
      'sotto-device': '1',
      ...headers,
    },
  })
}

async function anotherToken(): Promise<Uint8Array> {
  const token = randomBytes(32)
  const add = [{ hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }]
  unwrap(await client.putTokens(relay.host, alice.signer, { add, revoke: [] }))
  return token
}

function raw(): { socket: Socket; answer: () => string; closed: Promise<void> } {
  const { hostname, port } = new URL(relay.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return { socket, answer: () => text, closed }
}

/** What the upgrade of a WebSocket is answered; 101 keeps it open. */
function open(path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${relay.host}${path}`, { headers })
    socket.once('upgrade', ({ socket: opened }) => {
      sockets.push(opened)
      resolve(101)
    })
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0)
      socket.terminate()
    })
    socket.on('error', reject)
  }).catch(() => 0) as Promise<number>
}

const RATE_LIMITED = { status: 429, code: 'RATE_LIMITED' }
const CONNECTIONS = 8
const TWO = { burst: 2, everyMs: 60_000 }

describe('rates', () => {
  test('deposits of one address, by whatever tokens', async () => {
    await start({ trustProxy: true, rates: { senders: TWO } })
    const other = await anotherToken()
    expect((await deposit(alice.token, from('192.0.2.1'))).status).toBe(201)
    expect((await deposit(other, from('192.0.2.1'))).status).toBe(201)
    expect(await deposit(other, from('192.0.2.1'))).toMatchObject(RATE_LIMITED)
    expect((await deposit(other, from('192.0.2.2'))).status).toBe(201)
  })

  test('are counted for the operator where they refuse deposits, too', async () => {
    await start({ metricsPort: 0, rates: { deposits: TWO } })
    for (let count = 0; count < 5; count++) await deposit()
    const metrics = await (await fetch(relay.metricsUrl ?? '')).text()
    expect(metrics).toContain('sotto_rate_limited_total{bucket="deposits"} 3')
  })

  test('bundles of one account, and none is remembered for a name that nobody has', async () => {
    await start({ trustProxy: true, rates: { bundles: TWO } })
    const bundles = (name: string) =>
      call(relay, 'POST', `/v1/accounts/${name}/bundles`, {
        headers: { 'idempotency-key': encodeBase64Url(randomBytes(16)) },
      })
    for (let count = 0; count < 3; count++) {
      expect(await bundles('nobody')).toMatchObject({ status: 404, code: 'ACCOUNT_UNKNOWN' })
    }
    expect((await bundles('alice')).status).toBe(200)
    expect((await bundles('alice')).status).toBe(200)
    expect(await bundles('alice')).toMatchObject(RATE_LIMITED)
  })

  test('what one device is sent, by whatever tokens and from wherever', async () => {
    await start({ trustProxy: true, rates: { incoming: TWO } })
    const other = await anotherToken()
    expect((await deposit(alice.token, from('192.0.2.1'))).status).toBe(201)
    expect((await deposit(other, from('192.0.2.2'))).status).toBe(201)
    expect(await deposit(alice.token, from('192.0.2.3'))).toMatchObject(RATE_LIMITED)
    expect(await deposit(other, from('192.0.2.4'))).toMatchObject(RATE_LIMITED)
  })

  test('knocks at one account, from wherever', async () => {
    await start({ trustProxy: true, rates: { knocked: TWO } })
    const knock = (address: string) =>
      call(relay, 'PUT', `/v1/knocks/${encodeBase64Url(randomBytes(16))}`, {
        body: randomBytes(10),
        headers: { 'sotto-account': 'alice', 'sotto-device': '1', ...from(address) },
      })
    expect((await knock('192.0.2.1')).status).toBe(201)
    expect((await knock('192.0.2.2')).status).toBe(201)
    expect(await knock('192.0.2.3')).toMatchObject(RATE_LIMITED)
  })

  test('requests signed with the key of one account, and no failed one counts to it', async () => {
    await start({ rates: { account: { burst: 3, everyMs: 60_000 } } })
    const body = '{"deviceId":1}'
    const session = (signer = alice.signer) =>
      call(relay, 'POST', '/v1/sessions', {
        body,
        headers: signed(relay, signer, 'POST', '/v1/sessions', body),
      })
    for (let count = 0; count < 5; count++) {
      expect((await session(testSigner('alice'))).status).toBe(401)
    }
    expect((await session()).status).toBe(200)
    expect((await session()).status).toBe(200)
    expect(await session()).toMatchObject(RATE_LIMITED)
  })

  test('registering again, which counts to the account', async () => {
    await start({ rates: { account: TWO } })
    const again = () =>
      client.register(relay.host, alice.signer, { certificate: CERTIFICATE }, null)
    // The session, by which it has put its token, was the first.
    unwrap(await again())
    expect(await again()).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } })
  })

  test('WebSockets opened from one address', async () => {
    await start({ trustProxy: true, rates: { opens: TWO } })
    expect(await open('/v1/deposits', from('192.0.2.1'))).toBe(101)
    expect(await open('/v1/deposits', from('192.0.2.1'))).toBe(101)
    expect(await open('/v1/deposits', from('192.0.2.1'))).toBe(429)
    expect(await open('/v1/deposits', from('192.0.2.2'))).toBe(101)
  })
})

describe('connections', () => {
  test('are so many from one address', async () => {
    // Where not only this machine is served, addresses tell requesters apart.
    const wide = await testRelay({ host: '0.0.0.0', limits: { connectionsPerAddress: 20 } })
    client = testClient()
    relay = { ...wide, url: wide.url.replace('0.0.0.0', '127.0.0.1') }
    const opened = Array.from({ length: 25 }, raw)
    await Promise.race(opened.map(({ closed }) => closed))
    await until(() => opened.filter(({ socket }) => socket.destroyed).length >= 5)
    expect(opened.filter(({ socket }) => !socket.destroyed).length).toBeLessThanOrEqual(20)
    for (const { socket } of opened) socket.destroy()
    const health = () => call(relay, 'GET', '/healthz').catch(() => null)
    for (let answer = await health(); answer?.status !== 200;) answer = await health()
  })

  test('are so many in all', async () => {
    await start({ limits: { connections: 10 } })
    const opened = Array.from({ length: 15 }, raw)
    await until(() => opened.filter(({ socket }) => socket.destroyed).length >= 5)
    expect(opened.filter(({ socket }) => !socket.destroyed).length).toBeLessThanOrEqual(10)
  })

  test("of senders' WebSockets there are so many from one address, and in all", async () => {
    const limits = { depositConnections: 3, depositConnectionsPerAddress: 2 }
    await start({ trustProxy: true, limits })
    expect(await open('/v1/deposits', from('192.0.2.1'))).toBe(101)
    expect(await open('/v1/deposits', from('192.0.2.1'))).toBe(101)
    expect(await open('/v1/deposits', from('192.0.2.1'))).toBe(503)
    expect(await open('/v1/deposits', from('192.0.2.2'))).toBe(101)
    expect(await open('/v1/deposits', from('192.0.2.3'))).toBe(503)
    sockets[0]?.destroy()
    for (let status = 503; status !== 101;) status = await open('/v1/deposits', from('192.0.2.1'))
  })

  // Found on the way: whoever left during the look into the database was counted for ever.
  test('that are gone before their WebSocket is open are not counted', async () => {
    const storage = openSqliteStorage({
      path: ':memory:',
      onFatal: (cause) => {
        throw cause
      },
    })
    const waiting = storage.waiting.bind(storage)
    let looked = 0
    storage.waiting = async (...asked) => {
      looked += 1
      await new Promise((resolve) => setTimeout(resolve, 20))
      return waiting(...asked)
    }
    await start({ limits: { connections: CONNECTIONS } }, { storage })
    const session = await openSession(relay, alice.signer)
    const headers = () => sessionHeaders(relay, session, 'GET', '/v1/stream')
    for (let count = 1; count <= CONNECTIONS; count++) {
      const { socket, closed } = raw()
      socket.write(handshake(relay.host, '/v1/stream', headers()))
      await until(() => looked === count)
      socket.resetAndDestroy()
      await closed
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    expect(await open('/v1/stream', headers())).toBe(101)
  })

  test('whose answers are not read are cut off', async () => {
    await start({ limits: { silenceMs: 200, pipelined: 1_000 } })
    const { socket } = raw()
    socket.pause()
    socket.write('GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(900))
    // Only writing tells that the other side is gone, while nothing is read. The relay reads none of it any more.
    const writing = setInterval(() => socket.write('x'), 50)
    await new Promise<void>((resolve) => socket.once('error', () => resolve()))
    clearInterval(writing)
  })

  test('that ask and do not wait for the answers are cut off', async () => {
    await start({ limits: { pipelined: 8 } })
    const { socket, closed } = raw()
    const one = 'GET /v1/names/bob HTTP/1.1\r\nhost: a\r\n\r\n'
    socket.write(one.repeat(200))
    await closed
    const { socket: patient, answer } = raw()
    patient.write(one.repeat(8))
    await until(() => answer().split('HTTP/1.1 200').length === 9)
  })
})

describe('bodies', () => {
  const half = (bytes: number, address: string) =>
    `PUT /v1/devices/1/prekeys HTTP/1.1\r\nhost: a\r\nx-forwarded-for: ${address}\r\n` +
    `content-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n{`
  const chunked =
    'PUT /v1/devices/1/prekeys HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.8\r\n' +
    'content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n'
  const KIB = 1024

  test('that are half there take no more memory than is set aside for all', async () => {
    await start({ trustProxy: true, limits: { bodiesBytes: 1_024 * KIB } })
    const opened = Array.from({ length: 12 }, (_, index) => {
      const connection = raw()
      connection.socket.write(half(200 * KIB, `192.0.2.${index}`))
      return connection
    })
    await until(() => opened.filter(({ answer }) => answer().includes(' 503 ')).length === 7)
    expect(opened.filter(({ answer }) => answer() === '')).toHaveLength(5)
    const crowded = await call(relay, 'POST', '/v1/accounts', {
      body: 'x'.repeat(60_000),
      headers: from('192.0.2.77'),
    })
    expect(crowded).toMatchObject({ status: 503, code: 'OVERLOADED' })
    expect(Number(crowded.headers.get('retry-after'))).toBe(1)
    // What they held is free again when they are gone.
    for (const { socket } of opened) socket.destroy()
    for (let status = 503; status === 503;) status = (await deposit()).status
  })

  test('of one address are a quarter of them, of unknown length as long as they may be', async () => {
    await start({ trustProxy: true, limits: { bodiesBytes: 4 * 600 * KIB } })
    const first = raw()
    first.socket.write(chunked)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const second = raw()
    second.socket.write(chunked)
    await until(() => second.answer().includes(' 503 '))
    expect(first.answer()).toBe('')
    expect((await deposit(alice.token, from('192.0.2.9'))).status).toBe(201)
  })

  test('behind a proxy count for whom they are of, not for who came first on the connection', async () => {
    await start({ trustProxy: true, limits: { bodiesBytes: 4 * 60 * KIB } })
    const proxy = raw()
    // Answered before the next one comes: a proxy's connection serves one after the other.
    proxy.socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 192.0.2.1\r\n\r\n')
    await until(() => proxy.answer().includes(' 200 '))
    proxy.socket.write(half(50 * KIB, '192.0.2.2'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const another = (address: string) => {
      const connection = raw()
      connection.socket.write(half(50 * KIB, address))
      return connection
    }
    const [same, first] = [another('192.0.2.2'), another('192.0.2.1')]
    await until(() => same.answer().includes(' 503 '))
    expect(first.answer()).toBe('')
    proxy.socket.destroy()
    const body = 'x'.repeat(50 * KIB)
    const whole = () => call(relay, 'POST', '/v1/accounts', { body, headers: from('192.0.2.2') })
    for (let status = 503; status === 503;) status = (await whole()).status
  })

  test('give their room back when they are answered', async () => {
    await start({ limits: { bodiesBytes: 100 * KIB } })
    for (let count = 0; count < 20; count++) {
      const refused = await call(relay, 'POST', '/v1/accounts', { body: 'x'.repeat(60_000) })
      expect(refused).toMatchObject({ status: 400, code: 'INVALID_INPUT' })
    }
  })
})

describe('answers', () => {
  const ask = (address: string) =>
    `GET /openapi.json HTTP/1.1\r\nhost: a\r\nx-forwarded-for: ${address}\r\n\r\n`
  const SHARE_BYTES = 128 * 1024

  test('of one address are a quarter of what is set aside for all, and give it back', async () => {
    await start({ trustProxy: true, limits: { answersBytes: 4 * SHARE_BYTES } })
    const spec = await call(relay, 'GET', '/openapi.json')
    const specBytes = JSON.stringify(spec.body).length
    const hasty = raw()
    hasty.socket.write(ask('192.0.2.1').repeat(16))
    await until(() => hasty.answer().split('HTTP/1.1 ').length === 17)
    const whole = hasty.answer().split('HTTP/1.1 200').length - 1
    expect(whole).toBeGreaterThan(0)
    expect(whole * specBytes).toBeLessThanOrEqual(SHARE_BYTES)
    expect(hasty.answer()).toContain('"OVERLOADED"')
    for (let count = 0; count < 10; count++) {
      const { socket, closed } = raw()
      socket.write(ask('192.0.2.2').repeat(16))
      await new Promise((resolve) => setTimeout(resolve, 5))
      socket.resetAndDestroy()
      await closed
    }
    for (let count = 0; count < 10; count++) {
      const headers = from('192.0.2.2')
      expect((await call(relay, 'GET', '/openapi.json', { headers })).status).toBe(200)
    }
  })

  test('have a time to be read, whatever still moves', async () => {
    await start({ limits: { answerTimeoutMs: 200, pipelined: 1_000 } })
    const { socket } = raw()
    socket.pause()
    socket.write(ask('192.0.2.1').repeat(900))
    const writing = setInterval(() => socket.write('x'), 50)
    await new Promise<void>((resolve) => socket.once('error', () => resolve()))
    clearInterval(writing)
  })
})

describe('names', () => {
  const register = (name: string, signer = testSigner(name)) =>
    client.register(relay.host, signer, { certificate: CERTIFICATE }, null)

  test('that look like one that is taken are refused, before and while registering', async () => {
    await start({})
    for (const name of ['a1ice', 'al.ice', 'alice-', 'aiice']) {
      const refusal = { ok: false, error: { code: 'NAME_LOOKS_TAKEN' } }
      expect(await client.nameFree(relay.host, name)).toMatchObject(refusal)
      expect(await register(name)).toMatchObject(refusal)
    }
    expect(await client.nameFree(relay.host, 'alice')).toEqual({ ok: true, value: false })
    unwrap(await register('alicia'))
  })

  test("of the operator, and those like them, are nobody's", async () => {
    await start({})
    for (const name of ['admin', 'adm1n', 'supp0rt', 'so.tto']) {
      const refusal = { ok: false, error: { code: 'NAME_RESERVED' } }
      expect(await client.nameFree(relay.host, name)).toMatchObject(refusal)
      expect(await register(name)).toMatchObject(refusal)
    }
  })

  test('that are reserved are what the operator says', async () => {
    await start({ reservedNames: ['boss'] })
    expect(await client.nameFree(relay.host, 'b0ss')).toMatchObject({
      error: { code: 'NAME_RESERVED' },
    })
    unwrap(await register('admin'))
  })

  test('given before they were reserved stay', async () => {
    await start({ reservedNames: [] })
    const admin = testSigner('admin')
    unwrap(await register('admin', admin))
    unwrap(await register('admin', admin))
  })
})

describe('shares', () => {
  test('are bounded in all and for each, and can be given back', () => {
    const shares = new Shares(10, 6)
    expect(shares.take('a', 6)).toBe(true)
    expect(shares.take('a', 1)).toBe(false)
    expect(shares.take('b', 5)).toBe(false)
    expect(shares.take('b', 4)).toBe(true)
    expect(shares.take(null, 1)).toBe(false)
    shares.giveBack('a', 6)
    expect(shares.total).toBe(4)
    expect(shares.take(null, 6)).toBe(true)
    shares.giveBack(null, 6)
    expect(shares.take('a', 6)).toBe(true)
  })

  test('a map of what was asked for recently forgets the rest', () => {
    const map = new RecentMap<number, number>(10)
    for (let key = 0; key < 100; key++) {
      map.set(key, key)
      expect(map.get(0)).toBe(0)
    }
    const kept = Array.from({ length: 100 }, (_, key) => key).filter((key) => map.get(key) === key)
    expect(kept).toContain(99)
    expect(kept.length).toBeLessThanOrEqual(11)
  })
})
