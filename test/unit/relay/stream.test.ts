import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { hmacSha256 } from '#crypto/hkdf.ts'
import { randomBytes } from '#crypto/primitives.ts'
import {
  decodeRelayFrame,
  encodeAckFrame,
  STREAM_CLOSE,
  type RelayFrame,
} from '#protocol/relay-frames.ts'
import { STREAM_WINDOW } from '#protocol/relay-limits.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { signRequest } from '#relay-client/request-signing.ts'
import {
  call,
  ShiftedClock,
  signed,
  testAccount,
  testClient,
  testRelay,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

const GENEROUS = { burst: 100_000, everyMs: 1 }
const clock = new ShiftedClock()

let relay: TestRelay
let client: RelayClient
let alice: Awaited<ReturnType<typeof testAccount>>
let session: { id: string; key: string }
const sockets: WebSocket[] = []

beforeEach(async () => {
  relay = await testRelay({ rates: { deposits: GENEROUS, device: GENEROUS } })
  client = testClient()
  alice = await testAccount(relay, client, 'alice')
  const body = '{"deviceId":1}'
  const headers = signed(relay, alice.signer, 'POST', '/v1/sessions', body)
  session = (await call(relay, 'POST', '/v1/sessions', { body, headers })).body as typeof session
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await client.close()
  await relay.close()
})

/** Header fields signed with the session's key. */
function deviceHeaders(method: string, path: string, body?: string): Record<string, string> {
  const key = Buffer.from(session.key, 'base64url')
  return signRequest(
    { id: session.id, algorithm: 'hmac-sha256', sign: (base) => hmacSha256(key, base) },
    {
      method,
      url: `${relay.url}${path}`,
      ...(body !== undefined && { body: new TextEncoder().encode(body) }),
    },
    clock,
    randomBytes,
  )
}

interface Stream {
  readonly socket: WebSocket
  readonly frames: RelayFrame[]
  readonly closed: Promise<number>
  sequences(): number[]
  drained(): boolean
}

async function openStream(path = '/v1/stream'): Promise<Stream> {
  const socket = new WebSocket(`ws://${relay.host}${path}`, { headers: deviceHeaders('GET', path) })
  sockets.push(socket)
  const frames: RelayFrame[] = []
  socket.on('message', (data: Buffer) => {
    const frame = decodeRelayFrame(data)
    if (frame === null) throw new Error('not a frame')
    frames.push(frame)
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return {
    socket,
    frames,
    closed,
    sequences: () =>
      frames.flatMap((frame) => (frame.kind === 'envelope' ? [frame.envelope.sequence] : [])),
    drained: () => frames.some(({ kind }) => kind === 'drained'),
  }
}

async function deposit(count: number, bytes = 10): Promise<void> {
  for (let start = 0; start < count; start += 50) {
    const batch = Array.from({ length: Math.min(50, count - start) }, () =>
      client.deposit(relay.host, {
        envelopeId: randomBytes(16),
        deviceId: 1,
        token: alice.token,
        envelope: randomBytes(bytes),
      }),
    )
    for (const deposited of await Promise.all(batch)) unwrap(deposited)
  }
}

describe('a stream', () => {
  test('gives what waits in order, says when that was all, then what comes', async () => {
    await deposit(3)
    const stream = await openStream()
    await until(() => stream.drained())
    expect(stream.sequences()).toEqual([1, 2, 3])
    expect(stream.frames.at(-1)).toEqual({ kind: 'drained', sequence: 3 })
    await deposit(1)
    await until(() => stream.sequences().length === 4)
    expect(stream.frames.filter(({ kind }) => kind === 'drained')).toHaveLength(1)
  })

  test('an envelope carries the label of its token', async () => {
    await deposit(1)
    const stream = await openStream()
    await until(() => stream.drained())
    const [frame] = stream.frames
    expect(frame?.kind === 'envelope' && new Uint8Array(frame.envelope.label)).toEqual(alice.label)
  })

  test('what is acknowledged does not come again, the rest does', async () => {
    await deposit(3)
    const first = await openStream()
    await until(() => first.drained())
    first.socket.send(encodeAckFrame(2))
    first.socket.close()
    await first.closed
    const second = await openStream()
    await until(() => second.drained())
    expect(second.sequences()).toEqual([3])
  })

  test('it is at most a window ahead of the acknowledgements', async () => {
    await deposit(STREAM_WINDOW + 60)
    const stream = await openStream()
    await until(() => stream.sequences().length >= STREAM_WINDOW)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(stream.sequences()).toHaveLength(STREAM_WINDOW)
    expect(stream.drained()).toBe(false)
    stream.socket.send(encodeAckFrame(10))
    await until(() => stream.sequences().length === STREAM_WINDOW + 10)
    stream.socket.send(encodeAckFrame(STREAM_WINDOW))
    await until(() => stream.drained())
    expect(stream.sequences()).toEqual(
      Array.from({ length: STREAM_WINDOW + 60 }, (_, index) => index + 1),
    )
  })

  test('a second connection of the same device closes the first', async () => {
    const first = await openStream()
    const second = await openStream()
    expect(await first.closed).toBe(STREAM_CLOSE.replaced)
    await deposit(1)
    await until(() => second.sequences().length === 1)
  })

  test.each([
    ['text', 'hello'],
    ['an unknown frame', Uint8Array.of(9)],
    ['an acknowledgement of what was never sent', encodeAckFrame(1_000)],
  ])('%s closes it', async (_name, frame) => {
    const stream = await openStream()
    stream.socket.send(frame)
    expect(await stream.closed).toBe(STREAM_CLOSE.malformed)
  })

  test('a large frame closes it', async () => {
    const stream = await openStream()
    stream.socket.send(randomBytes(5_000))
    expect(await stream.closed).toBe(1009)
  })

  test('it ends when the account is deleted', async () => {
    const stream = await openStream()
    unwrap(await client.deleteAccount(relay.host, alice.signer))
    expect(await stream.closed).toBe(STREAM_CLOSE.accountDeleted)
  })

  test('it ends when the relay goes', async () => {
    const stream = await openStream()
    await relay.close()
    expect(await stream.closed).toBe(STREAM_CLOSE.restarting)
    relay = await testRelay()
  })

  test('a device that does not read keeps the relay waiting, not its memory growing', async () => {
    await deposit(STREAM_WINDOW, 60_000)
    const stream = await openStream()
    stream.socket.pause()
    await new Promise((resolve) => setTimeout(resolve, 200))
    stream.socket.resume()
    await until(() => stream.sequences().length === STREAM_WINDOW)
  })

  test('without a signature, or with one used before, it is refused', async () => {
    const headers = deviceHeaders('GET', '/v1/stream')
    const refused = (used: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        const socket = new WebSocket(`ws://${relay.host}/v1/stream`, { headers: used })
        socket.once('unexpected-response', (_request, response) => {
          resolve(response.statusCode ?? 0)
          socket.terminate()
        })
        socket.once('open', () => {
          socket.terminate()
          resolve(101)
        })
        socket.on('error', reject)
      }).catch(() => 0)
    expect(await refused({})).toBe(401)
    expect(await refused(headers)).toBe(101)
    expect(await refused(headers)).toBe(401)
  })
})

describe('a long poll', () => {
  const poll = (query: string) => {
    const path = `/v1/envelopes${query}`
    return call(relay, 'GET', path, { headers: deviceHeaders('GET', path) })
  }
  interface Page {
    envelopes: { sequence: number }[]
    drained: boolean
  }
  const sequences = ({ body }: { body: unknown }) =>
    (body as Page).envelopes.map(({ sequence }) => sequence)
  const acknowledge = (body: string) =>
    call(relay, 'POST', '/v1/acks', { body, headers: deviceHeaders('POST', '/v1/acks', body) })

  test('gives pages in order and says when nothing is left', async () => {
    await deposit(5)
    const first = await poll('?limit=3')
    expect(sequences(first)).toEqual([1, 2, 3])
    expect((first.body as Page).drained).toBe(false)
    const second = await poll('?after=3&limit=3')
    expect(sequences(second)).toEqual([4, 5])
    expect((second.body as Page).drained).toBe(true)
  })

  test('acknowledges by id and by sequence', async () => {
    await deposit(3)
    const { body } = await poll('')
    const [, second] = (body as { envelopes: { id: string }[] }).envelopes
    expect((await acknowledge(JSON.stringify({ ids: [second?.id] }))).body).toEqual({
      acknowledged: 1,
    })
    expect(sequences(await poll(''))).toEqual([1, 3])
    expect((await acknowledge('{"through":3}')).body).toEqual({ acknowledged: 2 })
    expect((await acknowledge('{"through":3}')).body).toEqual({ acknowledged: 0 })
    expect(sequences(await poll(''))).toEqual([])
  })

  test('waits for the next envelope', async () => {
    const waiting = poll('?wait=20')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await deposit(1)
    expect(sequences(await waiting)).toEqual([1])
  })

  test('ends without one when its time is over, and when the relay goes', async () => {
    expect(sequences(await poll('?wait=1'))).toEqual([])
    const waiting = poll('?wait=20')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await relay.close()
    expect(sequences(await waiting)).toEqual([])
    relay = await testRelay()
  })

  test.each(['?after=-1', '?limit=0', '?wait=x', '?other=1', '?after=1&after=2'])(
    '%s is not accepted',
    async (query) => {
      expect(await poll(query)).toMatchObject({ status: 400, code: 'INVALID_INPUT' })
    },
  )

  test('large envelopes come in several pages', async () => {
    await deposit(30, 60_000)
    const received: number[] = []
    for (let drained = false; !drained;) {
      const page = await poll(`?after=${received.at(-1) ?? 0}`)
      received.push(...sequences(page))
      drained = (page.body as Page).drained
    }
    expect(received).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
  })
})
