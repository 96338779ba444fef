import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { decodeRelayFrame, encodeAckFrame, STREAM_CLOSE } from '#protocol/relay-frames.ts'
import { encodeHex } from '#shared/bytes.ts'
import { sessionHeaders } from '../unit/relay/blobs-harness.ts'
import { CERTIFICATE, testClient, testSigner, unwrap } from '../unit/relay/harness.ts'
import { DeliveryLedger } from './delivery-ledger.ts'
import { eventually, RawWebSocket, settle } from './raw-websocket.ts'
import { expectReached } from './reached.ts'
import { expectNoLeak, fuzz, RelayUnderTest, RUNS, SEED } from './relay-under-test.ts'
import { streamSteps, WRONG, WRONG_KINDS, type Step } from './stream-steps.ts'
import {
  BINARY,
  clientFrame,
  CLOSE,
  encodeFrame,
  FIN,
  fragments,
  PING,
  PONG,
  showSteps,
} from './websocket-frames.ts'

// The stream of a device, read rightly, wrongly, and by whoever stops in the middle. Whatever is done, what waits comes
// again until it is acknowledged, in order, and another device notices nothing.

const PATH = '/v1/stream'
const LAST_PING = Buffer.from('the last one')
/** Fewer than the relay sends ahead of the acknowledgements. */
const MOST_WAITING = 100

const relay = new RelayUnderTest()
const client = testClient()
const neighbour = { signer: testSigner('neighbour'), token: randomBytes(32) }
const ledger = new DeliveryLedger()
const wrongs = new Set<string>()
const closeCodes = new Set<number>()
const frameKinds = new Set<string>()

/** What was deposited for the device and may come. */
const waiting = new Map<string, Uint8Array>()
/** What of it an acknowledgement was sent for: it may have arrived or not. */
const sentBack = new Set<string>()
/** What of it the relay has read an acknowledgement for. */
const readBack = new Set<string>()

beforeAll(async () => {
  await relay.start()
  const { host } = relay
  const { signer, token } = neighbour
  unwrap(await client.register(host, signer, { certificate: CERTIFICATE }, null))
  const add = [{ hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }]
  unwrap(await client.putTokens(host, signer, { add, revoke: [] }))
  client.subscribe(host, signer, 0, {
    received: async (envelopes) =>
      envelopes.forEach(({ envelopeId, envelope }) => ledger.received(envelopeId, envelope)),
    drained: () => undefined,
    stateChanged: () => undefined,
  })
})
afterAll(async () => {
  await client.close()
  await relay.stop()
})

const handshakeHeaders = (): Record<string, string> => {
  const at = { url: relay.url, host: relay.host, metricsUrl: null, close: async () => undefined }
  return sessionHeaders(at, relay.session, 'GET', PATH)
}

async function deposit(token: Uint8Array, bodyBytes: number): Promise<[Uint8Array, Uint8Array]> {
  const envelopeId = randomBytes(16)
  const envelope = randomBytes(bodyBytes)
  if (token === relay.token) waiting.set(encodeHex(envelopeId), envelope)
  else ledger.sent(envelopeId, envelope)
  unwrap(await client.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope }))
  return [envelopeId, envelope]
}

async function expectNeighbourServed(): Promise<void> {
  const [id] = await deposit(neighbour.token, 40)
  ledger.acknowledged(id)
  await ledger.settled()
}

/** What has come over one connection. */
class Inbox {
  readonly sequences: number[] = []
  readonly ids: string[] = []
  readonly acknowledged = new Set<string>()
  #isDrained = false
  /** All that has to come before the relay may say that nothing else waits. */
  readonly #first = [...waiting.keys()].filter((id) => !sentBack.has(id))
  #taken = 0

  /** @param payloads - of all binary frames so far. */
  take(payloads: readonly Buffer[]): void {
    for (const payload of payloads.slice(this.#taken)) {
      const received = decodeRelayFrame(payload)
      if (received === null) throw new Error('the relay sent a frame that is none')
      frameKinds.add(received.kind)
      if (received.kind === 'drained') {
        expect(this.#isDrained).toBe(false)
        expect(this.#first.filter((id) => !this.ids.includes(id))).toEqual([])
        this.#isDrained = true
        continue
      }
      const { id, sequence, body } = received.envelope
      const key = encodeHex(id)
      expect(Buffer.compare(waiting.get(key) ?? new Uint8Array(0), body)).toBe(0)
      expect(this.ids).not.toContain(key)
      expect(sequence).toBeGreaterThan(this.sequences.at(-1) ?? 0)
      this.ids.push(key)
      this.sequences.push(sequence)
    }
    this.#taken = payloads.length
  }

  get isComplete(): boolean {
    const missing = [...waiting.keys()].some((id) => !sentBack.has(id) && !this.ids.includes(id))
    return this.#isDrained && !missing
  }

  /** @returns an acknowledgement of something that has come. */
  acknowledge(which: number): Uint8Array {
    const { length } = this.sequences
    if (length === 0) return encodeAckFrame(0)
    const through = which % length
    for (const id of this.ids.slice(0, through + 1)) {
      sentBack.add(id)
      this.acknowledged.add(id)
    }
    return encodeAckFrame(this.sequences[through] ?? 0)
  }
}

const binary = (raw: RawWebSocket): readonly Buffer[] =>
  raw
    .frames()
    .filter(({ opcode }) => opcode === BINARY)
    .map(({ payload }) => payload)

/** Plays the steps on a connection of its own. */
async function play(steps: readonly Step[]): Promise<void> {
  const inbox = new Inbox()
  const raw = await RawWebSocket.open(relay.host, PATH, handshakeHeaders())
  let endsWith: readonly number[] | null = null
  let hasEnded = false
  let hasJunk = false
  for (const step of steps) {
    const isOver = endsWith !== null || hasEnded || hasJunk
    switch (step.kind) {
      case 'ack': {
        inbox.take(binary(raw))
        const frames = fragments(BINARY, inbox.acknowledge(step.which), step.cuts, [])
        raw.write(...frames.map(encodeFrame))
        break
      }
      case 'deposit':
        for (let count = 0; count < step.count; count++) {
          await deposit(relay.token, step.bodyBytes)
        }
        break
      case 'wrong': {
        const { codes, encode } = WRONG[step.wrong]
        raw.write(encode(encodeAckFrame(0)))
        if (isOver) break
        endsWith = codes
        wrongs.add(step.wrong)
        break
      }
      case 'control':
        raw.write(encodeFrame(step.frame))
        break
      case 'any':
        raw.write(step.bytes)
        // It may be an acknowledgement of anything.
        for (const id of waiting.keys()) sentBack.add(id)
        hasJunk = true
        break
      case 'end':
        if (!hasEnded) raw.socket.end()
        hasEnded = true
        break
      case 'pause':
        raw.socket.pause()
        break
      case 'resume':
        raw.socket.resume()
        break
      case 'settle':
        await settle(3)
    }
  }
  raw.socket.resume()
  await finish()
  inbox.take(binary(raw))
  expectNoLeak(raw.received.toString('latin1').split('\r\n\r\n')[0] ?? '')
  for (const { opcode } of raw.frames()) expect([BINARY, PING, PONG, CLOSE]).toContain(opcode)
  await raw.destroy()

  async function finish(): Promise<void> {
    if (hasEnded) return raw.closed
    if (hasJunk) return settle(4)
    raw.write(encodeFrame(clientFrame(FIN | PING, LAST_PING)))
    const isAnswered = (): boolean =>
      raw.frames().some(({ opcode, payload }) => opcode === PONG && LAST_PING.equals(payload))
    await eventually('everything that waits, or the end', () => {
      inbox.take(binary(raw))
      if (raw.closeCode() !== null || raw.socket.destroyed) return true
      return endsWith === null && inbox.isComplete && isAnswered()
    })
    const code = raw.closeCode()
    if (endsWith === null) {
      expect(code).toBeNull()
      for (const id of inbox.acknowledged) readBack.add(id)
    } else {
      expect(endsWith).toContain(code)
      closeCodes.add(code ?? 0)
    }
  }
}

/** A device as it should be. @returns what it got; the last of it may not be acknowledged when it leaves. */
async function drain(): Promise<readonly string[]> {
  const received: string[] = []
  await new Promise<void>((resolve) => {
    const subscription = client.subscribe(relay.host, relay.signer, 0, {
      received: async (envelopes) =>
        void received.push(...envelopes.map(({ envelopeId }) => encodeHex(envelopeId))),
      drained: () => void subscription.close().then(resolve),
      stateChanged: () => undefined,
    })
  })
  return received
}

/** Nothing that was not acknowledged is missing, and nothing comes whose acknowledgement the relay has read. */
async function expectAllThere(): Promise<void> {
  // An acknowledgement is read before it is durable.
  await settle(50)
  const received = await drain()
  expect(new Set(received).size).toBe(received.length)
  const there = new Set(received)
  expect([...waiting.keys()].filter((id) => !sentBack.has(id) && !there.has(id))).toEqual([])
  expect(received.filter((id) => readBack.has(id) || !waiting.has(id))).toEqual([])
  for (let again = received; again.length > 0; again = await drain()) {
    expect(again.filter((id) => !there.has(id))).toEqual([])
  }
  for (const all of [waiting, sentBack, readBack]) all.clear()
}

describe(`the stream, ${RUNS} times`, () => {
  test(`takes any frames (seed ${SEED})`, async () => {
    const eachWrong = WRONG_KINDS.map((wrong): Step[] => [{ kind: 'wrong', wrong }])
    await fuzz(
      streamSteps,
      RUNS,
      showSteps,
      async (steps) => {
        await play(steps)
        await expectNeighbourServed()
        if (waiting.size > MOST_WAITING) await expectAllThere()
      },
      eachWrong,
    )
    await expectAllThere()
    await relay.expectUnharmed()
  })

  test(`of a real library ends with the code that it deserves (seed ${SEED})`, async () => {
    const codes = {
      text: STREAM_CLOSE.malformed,
      empty: STREAM_CLOSE.malformed,
      ahead: STREAM_CLOSE.malformed,
      long: 1009,
      replaced: STREAM_CLOSE.replaced,
      close: 4_321,
      terminate: 1006,
    }
    const end = fc.constantFrom(...(Object.keys(codes) as (keyof typeof codes)[]))
    const inputs = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.nat(5), fc.boolean(), end)
    const show = (input: unknown): string => JSON.stringify(input)
    await fuzz(inputs, RUNS / 5, show, async ([deposits, acknowledged, isPaused, how]) => {
      const inbox = new Inbox()
      const payloads: Buffer[] = []
      const socket = open()
      socket.on('message', (data: Buffer) => payloads.push(data))
      const closed = new Promise<number>((resolve) => socket.once('close', resolve))
      await opened(socket)
      expect(socket.extensions).toBe('')
      for (let count = 0; count < deposits; count++) await deposit(relay.token, 500)
      await eventually('everything that waits', () => {
        inbox.take(payloads)
        return inbox.isComplete
      })
      const ack = inbox.acknowledge(acknowledged)
      if (isPaused) socket.pause()
      socket.send(ack.subarray(0, 4), { fin: false, compress: true })
      socket.send(ack.subarray(4))
      if (how === 'text') socket.send('text')
      else if (how === 'empty') socket.send(new Uint8Array(0))
      else if (how === 'ahead') socket.send(encodeAckFrame(10 ** 12))
      else if (how === 'long') socket.send(new Uint8Array(70_000))
      else if (how === 'close') socket.close(codes.close, 'enough')
      else if (how === 'terminate') socket.terminate()
      else {
        const next = open()
        await opened(next)
        next.terminate()
      }
      if (isPaused) await settle(5)
      socket.resume()
      const code = await closed
      expect(code).toBe(codes[how])
      closeCodes.add(code)
      await expectNeighbourServed()
      if (waiting.size > MOST_WAITING) await expectAllThere()
    })
    await expectAllThere()
    await relay.expectUnharmed()

    function open(): WebSocket {
      const socket = new WebSocket(`ws://${relay.host}${PATH}`, { headers: handshakeHeaders() })
      socket.on('error', () => undefined)
      return socket
    }

    async function opened(socket: WebSocket): Promise<void> {
      await eventually('a stream opens', () => socket.readyState !== WebSocket.CONNECTING)
      expect(socket.readyState).toBe(WebSocket.OPEN)
    }
  })

  test('ends when its account is gone', async () => {
    const raw = await RawWebSocket.open(relay.host, PATH, handshakeHeaders())
    unwrap(await client.deleteAccount(relay.host, relay.signer))
    await eventually('the end', () => raw.closeCode() !== null)
    closeCodes.add(raw.closeCode() ?? 0)
    await raw.destroy()
    await relay.renew()
    await relay.expectUnharmed()
  })

  test('has been sent every kind of frame, and has given every frame and code', () => {
    expectReached(WRONG_KINDS, wrongs)
    expectReached(['envelope', 'drained'], frameKinds)
    expectReached(Object.values(STREAM_CLOSE), closeCodes, {
      [STREAM_CLOSE.restarting]: 'wants a relay that ends: test/unit/relay/stream.test.ts',
      [STREAM_CLOSE.accountBlocked]: 'wants its operator: test/unit/relay/admin.test.ts',
    })
  })
})
