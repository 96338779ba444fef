import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { systemClock } from '#core/system-clock.ts'
import { Caller } from '#relay-client/caller.ts'
import { Http } from '#relay-client/http.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { unwrap } from '../unit/relay/harness.ts'
import { OneReceiver } from './one-receiver.ts'
import { RelayProcess, SMALL_HEAP } from './processes.ts'
import { residentBytes } from './process-memory.ts'
import { writeUnlimited } from './unlimited.ts'

const STUCK = Number(process.env['SOTTO_ROUNDS'] ?? 0) >= 100 ? 100 : 20
const WAITING_BYTES = 60_000
/** 15 MB each: several times what the kernel takes of it, and the relay may hold. */
const WAITING = 250
const WARM_ROUNDS = 4
const REQUEST_TIMEOUT_MS = 2_000
/** What a connection that does not read may cost: a full buffer, and what is read from the database at once. */
const MOST_BYTES_EACH = 2 * 1024 * 1024
/** What the process may grow by for other reasons, once it is warm. */
const SLACK_BYTES = 130 * 1024 * 1024
const WATCHED_MS = 2_000

describe('consumers that are slow, stuck or never done', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-slow-'))
  const limits = { requestTimeoutMs: REQUEST_TIMEOUT_MS }
  const relay = new RelayProcess(
    join(folder, 'relay'),
    writeUnlimited(join(folder, 'relay.json'), limits),
    SMALL_HEAP,
  )
  const host = () => relay.host
  const healthy = new OneReceiver('healthy', host)
  const stuck = Array.from({ length: STUCK }, (_, index) => new OneReceiver(`stuck${index}`, host))
  const sockets: Socket[] = []
  const http = new Http({ proxyFor: async () => null, trustedCa: null })
  const caller = new Caller(http, systemClock, randomBytes)

  beforeAll(async () => {
    await relay.start()
    for (const receiver of [healthy, ...stuck]) await receiver.register()
    for (const receiver of stuck) {
      await Promise.all(Array.from({ length: WAITING }, () => receiver.deposit(WAITING_BYTES)))
      expect(receiver.confirmed).toHaveLength(WAITING)
    }
    // What it holds once it is warm is not what this is about.
    for (let round = 0; round < WARM_ROUNDS; round++) {
      await Promise.all(Array.from({ length: WAITING }, () => healthy.deposit(WAITING_BYTES)))
      await healthy.drain()
    }
  }, 300_000)
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy()
  })
  afterAll(async () => {
    await http.close()
    await Promise.all([healthy, ...stuck].map((each) => each.close()))
    await relay.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A connection that sends what it is told and never reads. */
  async function mute(bytes: string): Promise<Socket> {
    const [address = '', port] = relay.host.split(':')
    const socket = connect({ host: address, port: Number(port) })
    sockets.push(socket)
    socket.pause()
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    socket.on('error', () => undefined)
    socket.write(bytes)
    return socket
  }

  async function signedRequest(receiver: OneReceiver, path: string, more = ''): Promise<string> {
    const origin = unwrap(await http.origin(relay.host))
    const headers = unwrap(await caller.deviceHeaders(relay.host, origin, receiver.signer, path))
    const lines = Object.entries({ host: relay.host, ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    )
    return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n${more}\r\n`
  }

  /** Watches the relay's memory while others use it. @returns the most it held. */
  async function watch(): Promise<number> {
    let most = 0
    const untilMs = performance.now() + WATCHED_MS
    while (performance.now() < untilMs) {
      expect(await healthy.deposit()).toBeNull()
      most = Math.max(most, residentBytes(relay.pid))
    }
    await healthy.drain()
    expect(healthy.lost()).toEqual([])
    return most
  }

  test('WebSockets that never read hold little, and nobody else notices', async () => {
    const before = await watch()
    for (const receiver of stuck) {
      const upgrade = [
        'connection: Upgrade',
        'upgrade: websocket',
        'sec-websocket-version: 13',
        `sec-websocket-key: ${Buffer.from(randomBytes(16)).toString('base64')}`,
      ]
      await mute(await signedRequest(receiver, '/v1/stream', `${upgrade.join('\r\n')}\r\n`))
    }
    const most = await watch()
    expect(most - before).toBeLessThan(SLACK_BYTES + STUCK * MOST_BYTES_EACH)
  })

  test('long polls that never read their answers hold one each, however many they ask for', async () => {
    const before = await watch()
    for (const receiver of stuck) {
      const requests: string[] = []
      for (let count = 0; count < 20; count++) {
        requests.push(await signedRequest(receiver, '/v1/envelopes?after=0&limit=256&wait=0'))
      }
      await mute(requests.join(''))
    }
    const most = await watch()
    // The answer is JSON with base64: larger than what it carries.
    expect(most - before).toBeLessThan(SLACK_BYTES + STUCK * 2 * MOST_BYTES_EACH)
  })

  test('requests without end on a connection that never reads end it', async () => {
    const before = await watch()
    const request = `GET /openapi.json HTTP/1.1\r\nhost: ${relay.host}\r\n\r\n`
    let isClosed = 0
    for (let count = 0; count < STUCK; count++) {
      const socket = await mute(request.repeat(10_000))
      socket.once('close', () => (isClosed += 1))
      socket.resume()
    }
    const most = await watch()
    expect(most - before).toBeLessThan(SLACK_BYTES)
    await eventually('all are ended', () => isClosed === STUCK, 10_000)
  })

  test('who dribbles a header or a body is cut off', async () => {
    const header = () => 'GET /v1/info HTTP/1.1\r\nhost: x\r\n'
    const body = () =>
      `PUT /v1/envelopes/${Buffer.from(randomBytes(16)).toString('base64url')} HTTP/1.1\r\nhost: x\r\n` +
      'content-type: application/octet-stream\r\ncontent-length: 60000\r\n' +
      `sotto-delivery-token: ${Buffer.from(stuck[0]?.token ?? []).toString('base64url')}\r\n` +
      'sotto-device: 1\r\n\r\n'
    let isClosed = 0
    const dribblers = await Promise.all(
      Array.from({ length: 2 * STUCK }, async (_, index) => {
        const socket = await mute(index % 2 === 0 ? header() : body())
        socket.resume()
        socket.once('close', () => (isClosed += 1))
        return socket
      }),
    )
    const dribble = setInterval(() => {
      for (const socket of dribblers) if (socket.writable) socket.write('a')
    }, 200)
    await watch()
    await eventually('all are cut off', () => isClosed === dribblers.length, 30_000)
    clearInterval(dribble)
  })
})
