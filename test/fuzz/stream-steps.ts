import fc, { type Arbitrary } from 'fast-check'
import { encodeAckFrame, encodeDrainedFrame, STREAM_CLOSE } from '#protocol/relay-frames.ts'
import {
  BINARY,
  controlFrame,
  CONTINUATION,
  FIN,
  junk,
  TEXT,
  type Frame,
} from './websocket-frames.ts'
import { ascii, frame, WRONG_FRAMES, type Wrong } from './wrong-frames.ts'

// What a device may do to `GET /v1/stream` (RELAY-API §7), and how the relay has to take it.

export type Step =
  /** Acknowledges one of what has come, 0 where nothing has; in fragments cut at these places. */
  | { readonly kind: 'ack'; readonly which: number; readonly cuts: readonly number[] }
  | { readonly kind: 'deposit'; readonly count: number; readonly bodyBytes: number }
  | { readonly kind: 'wrong'; readonly wrong: WrongKind }
  | { readonly kind: 'control'; readonly frame: Frame }
  | { readonly kind: 'any'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' | 'pause' | 'resume' | 'settle' }

const ACK_BYTES = 9
const MALFORMED = [STREAM_CLOSE.malformed]

/** Every kind of frame that ends the connection. */
export const WRONG = {
  ...WRONG_FRAMES,
  text: { codes: MALFORMED, encode: () => frame(FIN | TEXT, ascii(ACK_BYTES)) },
  empty: { codes: MALFORMED, encode: () => frame(FIN | BINARY, new Uint8Array(0)) },
  'too short': {
    codes: MALFORMED,
    encode: (ack) => frame(FIN | BINARY, ack.subarray(0, ACK_BYTES - 1)),
  },
  "of the relay's own kind": {
    codes: MALFORMED,
    encode: () => frame(FIN | BINARY, encodeDrainedFrame(0)),
  },
  'of what was never sent': {
    codes: MALFORMED,
    encode: () => frame(FIN | BINARY, encodeAckFrame(Number.MAX_SAFE_INTEGER)),
  },
  'of a sequence beyond numbers': {
    codes: MALFORMED,
    encode: (ack) =>
      frame(
        FIN | BINARY,
        ack.map((byte, place) => (place === 0 ? byte : 0xff)),
      ),
  },
  'too long': {
    codes: [1009],
    encode: () => frame(FIN | BINARY, new Uint8Array(ACK_BYTES + 1)),
  },
  'too long in fragments': {
    codes: [1009],
    encode: (ack) =>
      Buffer.concat([frame(BINARY, ack), frame(FIN | CONTINUATION, new Uint8Array(1))]),
  },
} satisfies Record<string, Wrong>
export type WrongKind = keyof typeof WRONG
export const WRONG_KINDS = Object.keys(WRONG) as WrongKind[]

const ackPayload = fc.oneof(
  fc
    .oneof(fc.nat(40), fc.constantFrom(0, 2 ** 31, Number.MAX_SAFE_INTEGER))
    .map((sequence): Uint8Array => encodeAckFrame(sequence)),
  fc.uint8Array({ maxLength: 12 }),
)

export const streamSteps: Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('ack' as const),
        which: fc.nat(20),
        cuts: fc.array(fc.nat(ACK_BYTES), { maxLength: 3 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('deposit' as const),
        count: fc.integer({ min: 1, max: 4 }),
        bodyBytes: fc.constantFrom(1, 200, 60_000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wrong' as const),
        wrong: fc.constantFrom(...WRONG_KINDS),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('control' as const), frame: controlFrame }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('any' as const), bytes: junk(ackPayload) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('end' as const, 'pause', 'resume', 'settle', 'settle', 'settle'),
      }),
    },
  ),
  { minLength: 1, maxLength: 12 },
)
