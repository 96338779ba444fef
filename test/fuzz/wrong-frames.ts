import {
  BINARY,
  clientFrame,
  CLOSE,
  closePayload,
  CONTINUATION,
  encodeFrame,
  FIN,
  fragments,
  MOST_CONTROL_BYTES,
  PING,
  RSV1,
  RSV2,
  TEXT,
} from './websocket-frames.ts'

/** Frames that end a connection. */
export interface Wrong {
  /** What the relay may close with. */
  readonly codes: readonly number[]
  /** @param right - the payload of a frame that the route takes. */
  readonly encode: (right: Uint8Array) => Uint8Array
}

const PROTOCOL_ERROR = [1002]
const INVALID_TEXT = [1007]
const TOO_MANY_PIECES = [1008]
const TOO_LONG = [1009]
/** More than the relay takes of one message. */
const CRUMBS = 300
const NOTHING = new Uint8Array(0)

export const ascii = (length: number): Uint8Array => new Uint8Array(length).fill(0x61)
export const frame = (first: number, payload: Uint8Array): Uint8Array =>
  encodeFrame(clientFrame(first, payload))

/** What no WebSocket takes, whatever its route. */
export const WRONG_FRAMES = {
  'text that is none': {
    codes: INVALID_TEXT,
    encode: () => frame(FIN | TEXT, Uint8Array.of(0xff, 0xfe, 0xfd)),
  },
  'of a length without end': {
    codes: TOO_LONG,
    encode: () => Buffer.of(FIN | BINARY, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4),
  },
  'of a length beyond numbers': {
    codes: TOO_LONG,
    encode: () => Buffer.of(FIN | BINARY, 0xff, ...ascii(8), 1, 2, 3, 4),
  },
  unmasked: {
    codes: PROTOCOL_ERROR,
    encode: (right) =>
      encodeFrame({ first: FIN | BINARY, masked: false, payload: right, extra: 0 }),
  },
  'compressed, which nobody agreed to': {
    codes: PROTOCOL_ERROR,
    encode: (right) => frame(FIN | RSV1 | BINARY, right),
  },
  'of a reserved bit': {
    codes: PROTOCOL_ERROR,
    encode: (right) => frame(FIN | RSV2 | BINARY, right),
  },
  'of a reserved opcode': { codes: PROTOCOL_ERROR, encode: (right) => frame(FIN | 3, right) },
  'of a reserved control opcode': {
    codes: PROTOCOL_ERROR,
    encode: () => frame(FIN | 11, NOTHING),
  },
  'a continuation of nothing': {
    codes: PROTOCOL_ERROR,
    encode: (right) => frame(FIN | CONTINUATION, right),
  },
  'a message inside another': {
    codes: PROTOCOL_ERROR,
    encode: (right) => Buffer.concat([frame(BINARY, right), frame(FIN | BINARY, right)]),
  },
  'in crumbs': {
    codes: TOO_MANY_PIECES,
    encode: (right) => {
      const cuts = Array.from({ length: CRUMBS }, (_, index) => index)
      return Buffer.concat(fragments(BINARY, right, cuts, []).map(encodeFrame))
    },
  },
  'in crumbs without end, and nothing in them': {
    codes: TOO_MANY_PIECES,
    encode: () =>
      Buffer.concat([
        frame(BINARY, NOTHING),
        ...Array.from({ length: CRUMBS }, () => frame(CONTINUATION, NOTHING)),
      ]),
  },
  'a ping too long': {
    codes: PROTOCOL_ERROR,
    encode: () => frame(FIN | PING, new Uint8Array(MOST_CONTROL_BYTES + 1)),
  },
  'a ping in fragments': { codes: PROTOCOL_ERROR, encode: () => frame(PING, ascii(3)) },
  'a close with half a code': {
    codes: PROTOCOL_ERROR,
    encode: () => frame(FIN | CLOSE, Uint8Array.of(3)),
  },
  'a close with a code that is none': {
    codes: PROTOCOL_ERROR,
    encode: () => frame(FIN | CLOSE, closePayload(1005)),
  },
  'a close with a reason that is no text': {
    codes: INVALID_TEXT,
    encode: () => frame(FIN | CLOSE, closePayload(1000, Uint8Array.of(0xff))),
  },
  'a close': { codes: [1000], encode: () => frame(FIN | CLOSE, closePayload(1000)) },
  'a close without a code': { codes: [1005], encode: () => frame(FIN | CLOSE, NOTHING) },
  'a close with a code of our own': {
    codes: [4999],
    encode: () => frame(FIN | CLOSE, closePayload(4999, ascii(123))),
  },
} satisfies Record<string, Wrong>
