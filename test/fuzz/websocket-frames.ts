import fc, { type Arbitrary } from 'fast-check'
import { randomBytes } from '#crypto/primitives.ts'

// Frames of RFC 6455 §5.2 by their parts, right and wrong: what no WebSocket library would send.

export const FIN = 0x80
export const RSV1 = 0x40
export const RSV2 = 0x20
export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10
/** Longest payload of a control frame. */
export const MOST_CONTROL_BYTES = 125
const MASK_BYTES = 4

export interface Frame {
  /** The first byte: {@link FIN}, reserved bits and the opcode. */
  readonly first: number
  readonly masked: boolean
  readonly payload: Uint8Array
  /** What the frame says beyond its payload. */
  readonly extra: number
}

/** A frame as a client should send it. */
export function clientFrame(first: number, payload: Uint8Array): Frame {
  return { first, masked: true, payload, extra: 0 }
}

export function encodeFrame({ first, masked, payload, extra }: Frame): Uint8Array {
  const length = payload.length + extra
  const mask = randomBytes(MASK_BYTES)
  const bit = masked ? 0x80 : 0
  const size = Buffer.alloc(length < 126 ? 1 : length < 65_536 ? 3 : 9)
  if (length < 126) size[0] = bit | length
  else if (length < 65_536) {
    size[0] = bit | 126
    size.writeUInt16BE(length, 1)
  } else {
    size[0] = bit | 127
    size.writeBigUInt64BE(BigInt(length), 1)
  }
  const body = masked
    ? payload.map((byte, index) => byte ^ (mask[index % MASK_BYTES] ?? 0))
    : payload
  return Buffer.concat([Buffer.of(first), size, ...(masked ? [mask] : []), body])
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: Uint8Array = new Uint8Array(0)): Uint8Array {
  return Buffer.concat([Buffer.of(code >> 8, code & 255), reason])
}

/**
 * One message in fragments, with other frames between them.
 * @param cuts - where it is cut, in any order.
 */
export function fragments(
  opcode: number,
  payload: Uint8Array,
  cuts: readonly number[],
  between: readonly Frame[],
): readonly Frame[] {
  const places = cuts.map((cut) => cut % (payload.length + 1)).toSorted((a, b) => a - b)
  const bounds = [0, ...places, payload.length]
  return bounds.slice(1).flatMap((end, index) => {
    const isLast = index === bounds.length - 2
    const first = (index === 0 ? opcode : CONTINUATION) | (isLast ? FIN : 0)
    const piece = clientFrame(first, payload.subarray(bounds[index], end))
    return isLast ? [piece] : [piece, ...between.slice(index, index + 1)]
  })
}

export interface ReceivedFrame {
  readonly opcode: number
  readonly payload: Buffer
}

/** Frames of the relay, as many as are whole. @throws for those that no server may send, and what it never needs to. */
export function decodeFrames(bytes: Buffer): readonly ReceivedFrame[] {
  const frames: ReceivedFrame[] = []
  for (let offset = 0; offset + 2 <= bytes.length;) {
    const first = bytes.readUInt8(offset)
    const short = bytes.readUInt8(offset + 1)
    const isWhole = (first & 0xf0) === FIN && (short & 0x80) === 0
    if (!isWhole) throw new Error(`the relay sent a frame that begins with ${first}, ${short}`)
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (offset + head > bytes.length) break
    const length =
      head === 2
        ? short
        : head === 4
          ? bytes.readUInt16BE(offset + 2)
          : Number(bytes.readBigUInt64BE(offset + 2))
    const end = offset + head + length
    if (end > bytes.length) break
    frames.push({ opcode: first & 0x0f, payload: bytes.subarray(offset + head, end) })
    offset = end
  }
  return frames
}

/** Any frame at all, around payloads of one kind. */
export function anyFrame(payload: Arbitrary<Uint8Array>): Arbitrary<Frame> {
  return fc.record({
    first: fc.oneof(
      { weight: 4, arbitrary: fc.constant(FIN | BINARY) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          BINARY,
          CONTINUATION,
          FIN,
          FIN | TEXT,
          FIN | PING,
          FIN | PONG,
          FIN | CLOSE,
          PING,
          CLOSE,
        ),
      },
      { weight: 1, arbitrary: fc.nat(255) },
    ),
    masked: fc.oneof(
      { weight: 9, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
    payload: fc.oneof(
      { weight: 7, arbitrary: payload },
      // What closes: a code, and a reason that is text or not.
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.nat(5_000), fc.uint8Array({ maxLength: 130 }))
          .map(([code, reason]) => closePayload(code, reason)),
      },
    ),
    extra: fc.oneof({ weight: 12, arbitrary: fc.constant(0) }, fc.nat(70_000)),
  })
}

/** A ping or a pong as it may be. */
export const controlFrame: Arbitrary<Frame> = fc
  .tuple(fc.constantFrom(PING, PONG), fc.uint8Array({ maxLength: MOST_CONTROL_BYTES }))
  .map(([opcode, payload]) => clientFrame(FIN | opcode, payload))

/** Bytes that are hardly a frame, or some frame. */
export function junk(payload: Arbitrary<Uint8Array>): Arbitrary<Uint8Array> {
  return fc.oneof(
    anyFrame(payload).map(encodeFrame),
    fc.uint8Array({ minLength: 1, maxLength: 60 }),
  )
}

/** Steps to read, with their bytes in hex. */
export function showSteps(steps: readonly unknown[]): string {
  const readable = (_key: string, value: unknown): unknown =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex').slice(0, 200) : value
  return steps.map((step) => JSON.stringify(step, readable)).join('\n')
}
