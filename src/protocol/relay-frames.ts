import { ENVELOPE_ID_BYTES, MAX_ENVELOPE_BYTES, TOKEN_LABEL_BYTES } from './relay-limits.ts'

// Binary frames of `GET /v1/stream` (RELAY-API §7). Numbers are big-endian and below 2^53.

/** An envelope as the relay hands it to the device it waits for. */
export interface DeliveredEnvelope {
  readonly sequence: number
  readonly id: Uint8Array
  readonly label: Uint8Array
  readonly receivedAtMs: number
  readonly body: Uint8Array
}

export type RelayFrame =
  | { readonly kind: 'envelope'; readonly envelope: DeliveredEnvelope }
  /** Nothing waits beyond this sequence. */
  | { readonly kind: 'drained'; readonly sequence: number }

const ENVELOPE_FRAME = 1
const DRAINED_FRAME = 2
const ACK_FRAME = 3
const SEQUENCE_OFFSET = 1
const TIME_OFFSET = 9
const ID_OFFSET = 17
const LABEL_OFFSET = ID_OFFSET + ENVELOPE_ID_BYTES
const BODY_OFFSET = LABEL_OFFSET + TOKEN_LABEL_BYTES
const SEQUENCE_FRAME_BYTES = 9
export const MAX_RELAY_FRAME_BYTES: number = BODY_OFFSET + MAX_ENVELOPE_BYTES
export const MAX_CLIENT_FRAME_BYTES: number = SEQUENCE_FRAME_BYTES

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function readSafeUint64(bytes: Uint8Array, offset: number): number | null {
  const source = view(bytes)
  const value = source.getUint32(offset) * 2 ** 32 + source.getUint32(offset + 4)
  return Number.isSafeInteger(value) ? value : null
}

/** As `setBigUint64`, without the cost of a BigInt. */
function writeSafeUint64(bytes: Uint8Array, offset: number, value: number): void {
  const target = view(bytes)
  target.setUint32(offset, Math.floor(value / 2 ** 32))
  target.setUint32(offset + 4, value % 2 ** 32)
}

function sequenceFrame(type: number, sequence: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(SEQUENCE_FRAME_BYTES)
  frame[0] = type
  writeSafeUint64(frame, SEQUENCE_OFFSET, sequence)
  return frame
}

/** Layout: 1 ‖ sequence(8) ‖ receivedAtMs(8) ‖ id(16) ‖ label(16) ‖ body. */
export function encodeEnvelopeFrame(envelope: DeliveredEnvelope): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(BODY_OFFSET + envelope.body.length)
  frame[0] = ENVELOPE_FRAME
  writeSafeUint64(frame, SEQUENCE_OFFSET, envelope.sequence)
  writeSafeUint64(frame, TIME_OFFSET, envelope.receivedAtMs)
  frame.set(envelope.id, ID_OFFSET)
  frame.set(envelope.label, LABEL_OFFSET)
  frame.set(envelope.body, BODY_OFFSET)
  return frame
}

/** Layout: 2 ‖ sequence(8). */
export function encodeDrainedFrame(sequence: number): Uint8Array<ArrayBuffer> {
  return sequenceFrame(DRAINED_FRAME, sequence)
}

/** Layout: 3 ‖ sequence(8): everything up to this sequence is durable at the device. */
export function encodeAckFrame(sequence: number): Uint8Array<ArrayBuffer> {
  return sequenceFrame(ACK_FRAME, sequence)
}

/**
 * Reads a frame of the relay. The envelope's parts are views into `frame`.
 * @returns `null` for anything that is not exactly one.
 */
export function decodeRelayFrame(frame: Uint8Array): RelayFrame | null {
  if (frame.length < SEQUENCE_FRAME_BYTES || frame.length > MAX_RELAY_FRAME_BYTES) return null
  const sequence = readSafeUint64(frame, SEQUENCE_OFFSET)
  if (sequence === null) return null
  if (frame[0] === DRAINED_FRAME) {
    return frame.length === SEQUENCE_FRAME_BYTES ? { kind: 'drained', sequence } : null
  }
  if (frame[0] !== ENVELOPE_FRAME || frame.length < BODY_OFFSET) return null
  const receivedAtMs = readSafeUint64(frame, TIME_OFFSET)
  if (receivedAtMs === null) return null
  const id = frame.subarray(ID_OFFSET, LABEL_OFFSET)
  const label = frame.subarray(LABEL_OFFSET, BODY_OFFSET)
  const body = frame.subarray(BODY_OFFSET)
  return { kind: 'envelope', envelope: { sequence, id, label, receivedAtMs, body } }
}

/**
 * Reads an acknowledgement.
 * @returns the sequence, or `null` for anything that is not exactly one acknowledgement.
 */
export function decodeAckFrame(frame: Uint8Array): number | null {
  if (frame.length !== SEQUENCE_FRAME_BYTES || frame[0] !== ACK_FRAME) return null
  return readSafeUint64(frame, SEQUENCE_OFFSET)
}

/** WebSocket close codes of the stream (RELAY-API §7). */
export const STREAM_CLOSE = {
  /** The relay restarts: come back after a random moment (registered as "service restart"). */
  restarting: 1012,
  /** A frame that is no acknowledgement, or one of a sequence that was never sent. */
  malformed: 4400,
  /** The operator has blocked the account. */
  accountBlocked: 4403,
  /** The account is gone. */
  accountDeleted: 4404,
  /** A newer connection of the same device took over. */
  replaced: 4409,
} as const
