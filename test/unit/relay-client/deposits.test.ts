import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { randomBytes } from '#crypto/primitives.ts'
import {
  decodeDepositFrame,
  encodeDepositAnswers,
  type DepositAnswerFrame,
} from '#protocol/deposit-frames.ts'
import type { RelayStorage } from '#relay/storage.ts'
import type { RelayClient } from '#relay-client/client.ts'
import {
  memoryStorage,
  testAccount,
  testClient,
  testRelay,
  until,
  unwrap,
  type TestRelay,
} from '../relay/harness.ts'

let relay: TestRelay
let storage: RelayStorage
let client: RelayClient
let alice: Awaited<ReturnType<typeof testAccount>>
let stub: Server | null = null

beforeEach(async () => {
  storage = memoryStorage()
  relay = await testRelay({ rates: { deposits: { burst: 1_000, everyMs: 1 } } }, { storage })
  client = testClient()
  alice = await testAccount(relay, client, 'alice')
})
afterEach(async () => {
  await client.close()
  stub?.closeAllConnections()
  stub?.close()
  stub = null
  await relay.close()
})

const envelope = (token = alice.token) => ({
  envelopeId: randomBytes(16),
  deviceId: 1,
  token,
  envelope: randomBytes(50),
})

/** How many envelopes wait for alice. */
async function waiting(): Promise<number> {
  const account = await storage.findAccount('alice')
  const device = account?.devices[0]
  if (device === undefined) throw new Error('no device')
  return (await storage.waiting(device.mailbox, 0, 10_000, 1e9))?.length ?? 0
}

interface Stub {
  readonly host: string
  readonly requests: () => number
  readonly sockets: WebSocket[]
  readonly upgrades: () => number
}

/** Takes every deposit by request; what it does with connections is the test's. */
async function stubRelay(
  onFrame: ((socket: WebSocket, data: Buffer) => void) | null,
): Promise<Stub> {
  let requests = 0
  let upgrades = 0
  const sockets: WebSocket[] = []
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      requests += 1
      response.writeHead(201, { 'content-type': 'application/json' }).end('{"stored":true}')
    })
  })
  stub = server
  const streams = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    upgrades += 1
    if (onFrame === null) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
      return
    }
    streams.handleUpgrade(request, socket, head, (opened) => {
      sockets.push(opened)
      opened.on('message', (data: Buffer) => onFrame(opened, data))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { host: `127.0.0.1:${port}`, requests: () => requests, sockets, upgrades: () => upgrades }
}

function depositMany(host: string, count: number) {
  return Promise.all(
    Array.from({ length: count }, () => client.deposit(host, envelope(randomBytes(32)))),
  )
}

const answer = (frame: Buffer, change: Partial<DepositAnswerFrame> = {}): Uint8Array => {
  const number = decodeDepositFrame(frame)?.number ?? 0
  return encodeDepositAnswers([{ number, outcome: 'STORED', retryAfterMs: 0, ...change }])
}

describe('several envelopes for one relay', () => {
  test('go over a connection, all of them', async () => {
    const deposits = await Promise.all(
      Array.from({ length: 600 }, () => client.deposit(relay.host, envelope())),
    )
    for (const deposited of deposits) unwrap(deposited)
    expect(await waiting()).toBe(600)
  })

  test('the connection is used again, and a lone envelope needs none', async () => {
    const { host, requests, upgrades } = await stubRelay((socket, frame) =>
      socket.send(answer(frame)),
    )
    unwrap(await client.deposit(host, envelope()))
    expect([requests(), upgrades()]).toEqual([1, 0])
    for (const deposited of await depositMany(host, 5)) unwrap(deposited)
    expect(upgrades()).toBe(1)
    expect(requests()).toBe(2)
    for (const deposited of await depositMany(host, 5)) unwrap(deposited)
    expect([requests(), upgrades()]).toEqual([2, 1])
  })

  test('each gets its own outcome', async () => {
    const good = envelope()
    const refused = envelope(randomBytes(32))
    const [first, second, third, fourth] = await Promise.all([
      client.deposit(relay.host, envelope()),
      client.deposit(relay.host, good),
      client.deposit(relay.host, refused),
      client.deposit(relay.host, { ...envelope(), envelope: new Uint8Array(0) }),
    ])
    unwrap(first)
    unwrap(second)
    expect(third).toMatchObject({ ok: false, error: { code: 'DELIVERY_REFUSED' } })
    expect(fourth).toMatchObject({ ok: false, error: { code: 'INVALID_INPUT' } })
    unwrap(await client.deposit(relay.host, good))
    expect(await waiting()).toBe(2)
  })

  test('a time to wait is told, and not believed beyond an hour', async () => {
    const { host } = await stubRelay((socket, frame) =>
      socket.send(answer(frame, { outcome: 'RATE_LIMITED', retryAfterMs: 0xffff_ffff })),
    )
    const [, second] = await depositMany(host, 3)
    expect(second).toMatchObject({
      ok: false,
      error: { code: 'RATE_LIMITED', retryAfterMs: 3_600_000 },
    })
  })
})

describe('requests follow', () => {
  test('where no WebSocket gets through, and it is not tried again for a while', async () => {
    const { host, requests, upgrades } = await stubRelay(null)
    for (const deposited of await depositMany(host, 5)) unwrap(deposited)
    for (const deposited of await depositMany(host, 5)) unwrap(deposited)
    expect([requests(), upgrades()]).toEqual([10, 1])
  })

  test.each<[string, (socket: WebSocket, frame: Buffer) => void]>([
    ['ends without an answer', (socket) => socket.terminate()],
    ['answers text', (socket) => socket.send('stored')],
    ['answers what is no answer', (socket) => socket.send(new Uint8Array(8))],
    [
      'answers what was not asked',
      (socket, frame) => socket.send(answer(frame, { number: 9_999 })),
    ],
    ['answers too much', (socket) => socket.send(new Uint8Array(1_000_000))],
  ])('where a connection %s', async (_name, onFrame) => {
    const { host, requests } = await stubRelay(onFrame)
    for (const deposited of await depositMany(host, 4)) unwrap(deposited)
    expect(requests()).toBeGreaterThanOrEqual(3)
  })

  test('where the relay ends the connection in the middle, and nothing is stored twice', async () => {
    const first = Array.from({ length: 50 }, () => envelope())
    const running = first.map((one) => client.deposit(relay.host, one))
    for (const deposited of await Promise.all(running)) unwrap(deposited)
    const again = first.map((one) => client.deposit(relay.host, one))
    client.setProxy({ kind: 'none' })
    for (const deposited of await Promise.all(again)) unwrap(deposited)
    expect(await waiting()).toBe(50)
  })
})

test('a relay that cannot be reached is told as such, and tried over a connection when it is back', async () => {
  const { host, upgrades } = await stubRelay((socket, frame) => socket.send(answer(frame)))
  stub?.closeAllConnections()
  await new Promise((resolve) => stub?.close(resolve))
  for (const deposited of await depositMany(host, 3)) {
    expect(deposited).toMatchObject({ ok: false, error: { code: 'RELAY_UNREACHABLE' } })
  }
  const port = Number(host.split(':')[1])
  await new Promise<void>((resolve) => stub?.listen(port, '127.0.0.1', resolve))
  for (const deposited of await depositMany(host, 3)) unwrap(deposited)
  await until(() => upgrades() === 1)
})
