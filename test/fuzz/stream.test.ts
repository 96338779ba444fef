import fc, { type Arbitrary } from 'fast-check'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeAckFrame } from '#protocol/relay-frames.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { sessionHeaders } from '../unit/relay/blobs-harness.ts'
import { encodeRequest, exchange } from './raw-http.ts'
import { expectCivil, fuzz, RelayUnderTest, RUNS, SEED } from './relay-under-test.ts'

// The stream, spoken to in frames that no WebSocket library would send.

/** A frame by its parts (RFC 6455 §5.2); the length may lie. */
interface Frame {
  readonly first: number
  readonly masked: boolean
  readonly payload: Uint8Array
  /** What the frame says beyond its payload. */
  readonly extra: number
}

type Step =
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'deposit' }
  | { readonly kind: 'pause' }

const FIN = 0x80
const relay = new RelayUnderTest()
beforeAll(() => relay.start())
afterAll(() => relay.stop())

function encodeFrame({ first, masked, payload, extra }: Frame): Uint8Array {
  const length = payload.length + extra
  const mask = randomBytes(4)
  const bit = masked ? 0x80 : 0
  const size =
    length < 126
      ? Buffer.of(bit | length)
      : length < 65_536
        ? Buffer.of(bit | 126, length >> 8, length & 255)
        : Buffer.of(
            bit | 127,
            0,
            0,
            0,
            0,
            0,
            (length >> 16) & 255,
            (length >> 8) & 255,
            length & 255,
          )
  const body = masked ? payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)) : payload
  return Buffer.concat([Buffer.of(first), size, ...(masked ? [mask] : []), body])
}

const ack = fc
  .oneof(fc.nat(40), fc.constantFrom(0, 2 ** 31, Number.MAX_SAFE_INTEGER))
  .map((sequence): Uint8Array => encodeAckFrame(sequence))
const payload = fc.oneof(
  { weight: 4, arbitrary: ack },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 126, 200, 70_000).map((length) => new Uint8Array(length)),
  },
  // What closes: a code, and a reason that is text or not.
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(5_000), fc.uint8Array({ maxLength: 130 }))
      .map(([code, reason]) => Buffer.concat([Buffer.of(code >> 8, code & 255), reason])),
  },
)
const frame: Arbitrary<Frame> = fc.record({
  first: fc.oneof(
    { weight: 4, arbitrary: fc.constant(FIN | 2) },
    // Fragments, texts, pings, closes, reserved bits and codes.
    { weight: 2, arbitrary: fc.constantFrom(2, 0, FIN, FIN | 1, FIN | 9, FIN | 10, FIN | 8, 9, 8) },
    { weight: 1, arbitrary: fc.nat(255) },
  ),
  masked: fc.nat(20).map((one) => one > 0),
  payload,
  extra: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.nat(70_000)),
})
const step: Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('frame' as const), frame }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('bytes' as const),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('deposit' as const, 'pause' as const) }),
  },
)

function handshake(target: string, change: Readonly<Record<string, string>> = {}): Uint8Array {
  const at = { url: relay.url, host: relay.host, metricsUrl: null, close: async () => undefined }
  const headers = {
    ...sessionHeaders(at, relay.session, 'GET', target),
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from(randomBytes(16)).toString('base64'),
    ...change,
  }
  const request = encodeRequest(relay.host, {
    method: 'GET',
    target,
    headers: Object.entries(headers),
    body: new Uint8Array(0),
  })
  return Buffer.from(
    Buffer.from(request).toString('latin1').replace('connection: close', 'connection: upgrade'),
    'latin1',
  )
}

interface Connection {
  readonly socket: Socket
  readonly received: () => Buffer
  readonly closed: Promise<void>
}

function open(): Connection {
  const [hostname = '', port] = relay.host.split(':')
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  return {
    socket,
    received: () => Buffer.concat(chunks),
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  }
}

const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function deposit(): Promise<void> {
  const headers = { 'sotto-delivery-token': encodeBase64Url(relay.token), 'sotto-device': '1' }
  await fetch(`${relay.url}/v1/envelopes/${encodeBase64Url(randomBytes(16))}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: new Uint8Array(50),
  })
}

describe(`the stream, ${RUNS} times`, () => {
  test(`survives any frames (seed ${SEED})`, async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 12 })
    const show = (made: readonly Step[]): string =>
      made
        .map((one) =>
          one.kind === 'frame'
            ? Buffer.from(encodeFrame(one.frame).slice(0, 40)).toString('hex')
            : one.kind,
        )
        .join('\n')
    let opened = 0
    await fuzz(steps, RUNS, show, async (made) => {
      const { socket, received, closed } = open()
      socket.write(handshake('/v1/stream'))
      for (let waited = 0; waited < 500 && received().length === 0; waited++) await settle(2)
      expect(received().toString('latin1')).toMatch(/^HTTP\/1\.1 101 /)
      opened += 1
      for (const one of made) {
        if (socket.destroyed) break
        if (one.kind === 'frame') socket.write(encodeFrame(one.frame))
        else if (one.kind === 'bytes') socket.write(one.bytes)
        else if (one.kind === 'deposit') await deposit()
        else await settle(3)
      }
      await settle(2)
      expect(received().toString('latin1')).not.toMatch(/node_modules|\.ts:|Error:/)
      socket.destroy()
      await closed
    })
    expect(opened).toBe(RUNS)
    await relay.expectUnharmed()
  })

  test(`is opened by the right handshake alone (seed ${SEED})`, async () => {
    const name = fc.constantFrom(
      'upgrade',
      'sec-websocket-version',
      'sec-websocket-key',
      'sec-websocket-protocol',
      'sec-websocket-extensions',
      'signature',
      'origin',
      'content-length',
    )
    const text = fc.oneof(
      fc.constantFrom(
        '',
        'websocket',
        '12',
        '13',
        'x'.repeat(3_000),
        'permessage-deflate',
        ',;=',
        '5',
      ),
      fc.string({
        unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCodePoint(code)),
      }),
    )
    const target = fc.constantFrom(
      '/v1/stream',
      '/v1/stream?after=-1',
      '/v1/stream?after=999999999999999',
      '/v1/info',
      '/v1/envelopes',
      '/v1/blobs/AAAAAAAAAAAAAAAAAAAAAA',
      '/%',
      '/nothing',
    )
    const inputs = fc.tuple(target, fc.dictionary(name, text, { maxKeys: 2 }))
    await fuzz(
      inputs,
      RUNS,
      (made) => JSON.stringify(made),
      async ([where, change]) => {
        const answer = await exchange(relay.host, handshake(where, change), { settleMs: 30 })
        if (answer !== null && answer.status !== 101) expectCivil(answer)
      },
    )
    await relay.expectUnharmed()
  })
})
