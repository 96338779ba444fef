import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { randomBytes } from '#crypto/primitives.ts'
import type { ConnectionState, IncomingEnvelope, Subscription } from '#core/ports.ts'
import { encodeDrainedFrame, encodeEnvelopeFrame } from '#protocol/relay-frames.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import {
  testAccount,
  testClient,
  testRelay,
  testSigner,
  unwrap,
  until,
  type TestRelay,
} from '../relay/harness.ts'
import { Front } from './front.ts'

let relay: TestRelay
let front: Front
let client: RelayClient
let alice: Awaited<ReturnType<typeof testAccount>>
const subscriptions: Subscription[] = []

beforeEach(async () => {
  relay = await testRelay()
  front = await Front.start(relay.url)
  client = testClient()
  alice = await testAccount(relay, client, 'alice')
})
afterEach(async () => {
  for (const subscription of subscriptions.splice(0)) await subscription.close()
  await client.close()
  await front.close()
  await relay.close()
})

interface Watched {
  readonly subscription: Subscription
  readonly states: ConnectionState[]
  readonly received: IncomingEnvelope[]
  drained: number
  /** Set to make handling fail. */
  failure: Error | null
  online(): boolean
  lastOffline(): string | null
}

function subscribe(host: string, signer = alice.signer): Watched {
  const states: ConnectionState[] = []
  const received: IncomingEnvelope[] = []
  const subscription = client.subscribe(host, signer, 0, {
    received: async (batch) => {
      if (watched.failure !== null) throw watched.failure
      received.push(...batch)
    },
    drained: () => (watched.drained += 1),
    stateChanged: (state) => states.push(state),
  })
  subscriptions.push(subscription)
  const watched: Watched = {
    subscription,
    states,
    received,
    drained: 0,
    failure: null,
    online: () => states.at(-1)?.kind === 'online',
    lastOffline: () => {
      const offline = states.findLast((state) => state.kind === 'offline')
      return offline?.kind === 'offline' ? offline.code : null
    },
  }
  return watched
}

async function deposit(envelope = randomBytes(20)): Promise<Uint8Array> {
  const envelopeId = randomBytes(16)
  const { token } = alice
  unwrap(await client.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope }))
  return envelopeId
}

describe('a subscription', () => {
  test('receives what waits and what comes, each once', async () => {
    const ids = [await deposit(), await deposit()]
    const watched = subscribe(front.host)
    await until(() => watched.drained === 1)
    ids.push(await deposit())
    await until(() => watched.received.length === 3)
    expect(watched.received.map(({ envelopeId }) => Buffer.from(envelopeId))).toEqual(
      ids.map((id) => Buffer.from(id)),
    )
    expect(watched.states).toEqual([
      { kind: 'connecting' },
      { kind: 'online', transport: 'stream', secure: false },
    ])
    expect(watched.received[0]).toMatchObject({ relaySeq: 1, label: Buffer.from(alice.label) })
  })

  test('comes back after a cut, without receiving anything again', async () => {
    const watched = subscribe(front.host)
    await deposit()
    await until(() => watched.received.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 100))
    front.cut()
    await until(() => watched.lastOffline() === 'RELAY_UNREACHABLE')
    await deposit()
    await until(() => watched.received.length === 2)
    expect(watched.received.map(({ relaySeq }) => relaySeq)).toEqual([1, 2])
  })

  test('what could not be stored is not acknowledged, and comes again', async () => {
    const watched = subscribe(front.host)
    await until(() => watched.online())
    watched.failure = new Error('the disk is full')
    await deposit()
    await until(() => watched.lastOffline() === 'INTERNAL')
    expect(watched.received).toEqual([])
    watched.failure = null
    await until(() => watched.received.length === 1)
  })

  test('a dead connection is noticed after waking up', { timeout: 15_000 }, async () => {
    const watched = subscribe(front.host)
    await until(() => watched.online())
    front.frozen = true
    watched.subscription.reconnectNow()
    await until(() => watched.lastOffline() === 'RELAY_UNREACHABLE')
    front.frozen = false
    watched.subscription.reconnectNow()
    await until(() => watched.online())
  })

  test('waking up does not disturb a connection that lives', async () => {
    const watched = subscribe(front.host)
    await until(() => watched.drained === 1)
    watched.subscription.reconnectNow()
    await deposit()
    await until(() => watched.received.length === 1)
    expect(watched.states).toHaveLength(2)
  })

  test('where WebSockets are blocked, it polls', async () => {
    front.admit = (firstBytes) => !/upgrade: websocket/i.test(firstBytes)
    const first = await deposit()
    const watched = subscribe(front.host)
    await until(() => watched.drained === 1)
    expect(watched.states.at(-1)).toEqual({ kind: 'online', transport: 'poll', secure: false })
    await deposit()
    await until(() => watched.received.length === 2)
    expect(Buffer.from(watched.received[0]?.envelopeId ?? [])).toEqual(Buffer.from(first))
    await watched.subscription.close()

    const again = subscribe(relay.host)
    await until(() => again.drained === 1)
    expect(again.received).toEqual([])
  })

  test('polling also holds back what could not be stored', async () => {
    front.admit = (firstBytes) => !/upgrade: websocket/i.test(firstBytes)
    const watched = subscribe(front.host)
    await until(() => watched.online())
    watched.failure = new Error('the disk is full')
    await deposit()
    await until(() => watched.lastOffline() === 'INTERNAL')
    watched.failure = null
    await until(() => watched.received.length === 1)
  })

  test('an account that is gone is told', async () => {
    const watched = subscribe(front.host)
    await until(() => watched.online())
    unwrap(await client.deleteAccount(relay.host, alice.signer))
    await until(() => watched.lastOffline() === 'ACCOUNT_UNKNOWN')
  })

  test('a signer that is not the account is told', async () => {
    const watched = subscribe(front.host, testSigner('alice'))
    await until(() => watched.lastOffline() === 'UNAUTHORIZED')
  })

  test('after closing, nothing is told any more', async () => {
    const watched = subscribe(front.host)
    await until(() => watched.online())
    await watched.subscription.close()
    const count = watched.states.length
    await deposit()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(watched.states).toHaveLength(count)
    expect(watched.received).toEqual([])
  })
})

describe('the stream of a hostile relay', () => {
  let server: Server

  /** A relay that opens sessions for everybody and then sends what the test wants. */
  async function hostileRelay(frames: readonly (Uint8Array | string)[]): Promise<string> {
    const session = { id: 'A'.repeat(20), key: encodeBase64Url(new Uint8Array(32)) }
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ ...session, lifetimeMs: 900_000 }))
    })
    const sockets = new WebSocketServer({ server })
    sockets.on('connection', (socket) => {
      socket.on('error', () => socket.terminate())
      for (const frame of frames) socket.send(frame)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  const envelope = (sequence: number, bytes = 10) =>
    encodeEnvelopeFrame({
      sequence,
      id: randomBytes(16),
      label: randomBytes(16),
      receivedAtMs: 1,
      body: randomBytes(bytes),
    })

  test.each<[string, () => readonly (Uint8Array | string)[]]>([
    ['text', () => ['hello']],
    ['an unknown frame', () => [Uint8Array.of(7)]],
    ['the same sequence twice', () => [envelope(4), envelope(4)]],
    ['an earlier sequence', () => [envelope(4), envelope(3)]],
    [
      'more than the window',
      () => Array.from({ length: 1_000 }, (_, index) => envelope(index + 1, 1_000)),
    ],
  ])('%s ends it', async (_name, frames) => {
    const watched = subscribe(await hostileRelay(frames()))
    await until(() => watched.lastOffline() === 'RELAY_BAD_ANSWER')
    await watched.subscription.close()
  })

  test('a frame beyond all bounds ends it', async () => {
    const watched = subscribe(await hostileRelay([new Uint8Array(70_000)]))
    await until(() => watched.lastOffline() !== null)
    expect(watched.received).toEqual([])
    await watched.subscription.close()
  })

  test('an honest one is understood', async () => {
    const watched = subscribe(await hostileRelay([envelope(4), envelope(9), encodeDrainedFrame(9)]))
    await until(() => watched.drained === 1)
    expect(watched.received.map(({ relaySeq }) => relaySeq)).toEqual([4, 9])
    await watched.subscription.close()
  })
})
