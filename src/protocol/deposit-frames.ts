import { DELIVERY_TOKEN_BYTES, ENVELOPE_ID_BYTES, MAX_ENVELOPE_BYTES } from './relay-limits.ts'

// Binary frames of `GET /v1/deposits` (RELAY-API §6.6): the deposits of an anonymous sender, many at once. Numbers are
// big-endian.

export interface DepositFrame {
  /** Chosen by the sender, to know the answer by. */
  readonly number: number
  readonly token: Uint8Array
  readonly deviceId: number
  readonly id: Uint8Array
  readonly body: Uint8Array
}

/** What has become of a deposit, by its byte in an answer. The names are those of the error table, but for the first two. */
export const DEPOSIT_OUTCOMES = {
  STORED: 1,
  SEEN: 2,
  DELIVERY_REFUSED: 3,
  MAILBOX_FULL: 4,
  RELAY_FULL: 5,
  RATE_LIMITED: 6,
  TOO_LARGE: 7,
  INVALID_INPUT: 8,
  OVERLOADED: 9,
  INTERNAL: 10,
} as const
export type DepositOutcomeName = keyof typeof DEPOSIT_OUTCOMES

export interface DepositAnswerFrame {
  readonly number: number
  readonly outcome: DepositOutcomeName
  /** Milliseconds to wait before the next try; 0 where waiting does not help. */
  readonly retryAfterMs: number
}

const TOKEN_OFFSET = 4
const DEVICE_OFFSET = TOKEN_OFFSET + DELIVERY_TOKEN_BYTES
const ID_OFFSET = DEVICE_OFFSET + 4
const BODY_OFFSET = ID_OFFSET + ENVELOPE_ID_BYTES
export const MAX_DEPOSIT_FRAME_BYTES: number = BODY_OFFSET + MAX_ENVELOPE_BYTES

const OUTCOME_OFFSET = 4
const RETRY_OFFSET = 5
const ANSWER_BYTES = 9
const MAX_UINT32 = 0xffff_ffff

/** Deposits that a sender may have unanswered on one connection. */
export const DEPOSIT_WINDOW = 256
/** Bytes of frames that a sender may have unanswered on one connection. */
export const DEPOSIT_WINDOW_BYTES: number = 1024 * 1024
/** Longest frame of answers. */
export const MAX_DEPOSIT_ANSWER_BYTES: number = DEPOSIT_WINDOW * ANSWER_BYTES

const OUTCOME_NAMES: ReadonlyMap<number, DepositOutcomeName> = new Map(
  (Object.keys(DEPOSIT_OUTCOMES) as DepositOutcomeName[]).map((name) => [
    DEPOSIT_OUTCOMES[name],
    name,
  ]),
)

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Length of the frame of a body. */
export function depositFrameBytes(body: Uint8Array): number {
  return BODY_OFFSET + body.length
}

/** Layout: number(4) ‖ token(32) ‖ device(4) ‖ id(16) ‖ body. */
export function encodeDepositFrame(deposit: DepositFrame): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(depositFrameBytes(deposit.body))
  const target = view(frame)
  target.setUint32(0, deposit.number)
  frame.set(deposit.token, TOKEN_OFFSET)
  target.setUint32(DEVICE_OFFSET, deposit.deviceId)
  frame.set(deposit.id, ID_OFFSET)
  frame.set(deposit.body, BODY_OFFSET)
  return frame
}

/**
 * Reads a deposit. Its parts are views into `frame`; the body may be empty or longer than the relay takes.
 * @returns `null` for what is too short to be one.
 */
export function decodeDepositFrame(frame: Uint8Array): DepositFrame | null {
  if (frame.length < BODY_OFFSET) return null
  const source = view(frame)
  return {
    number: source.getUint32(0),
    token: frame.subarray(TOKEN_OFFSET, DEVICE_OFFSET),
    deviceId: source.getUint32(DEVICE_OFFSET),
    id: frame.subarray(ID_OFFSET, BODY_OFFSET),
    body: frame.subarray(BODY_OFFSET),
  }
}

/** Layout: (number(4) ‖ outcome(1) ‖ retryAfterMs(4)) for each answer. */
export function encodeDepositAnswers(
  answers: readonly DepositAnswerFrame[],
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(answers.length * ANSWER_BYTES)
  const target = view(frame)
  let offset = 0
  for (const { number, outcome, retryAfterMs } of answers) {
    target.setUint32(offset, number)
    frame[offset + OUTCOME_OFFSET] = DEPOSIT_OUTCOMES[outcome]
    target.setUint32(offset + RETRY_OFFSET, Math.min(retryAfterMs, MAX_UINT32))
    offset += ANSWER_BYTES
  }
  return frame
}

/** @returns `null` for anything that is not exactly one or more answers with outcomes known here. */
export function decodeDepositAnswers(frame: Uint8Array): readonly DepositAnswerFrame[] | null {
  if (frame.length === 0 || frame.length % ANSWER_BYTES !== 0) return null
  const source = view(frame)
  const answers: DepositAnswerFrame[] = []
  for (let offset = 0; offset < frame.length; offset += ANSWER_BYTES) {
    const outcome = OUTCOME_NAMES.get(frame[offset + OUTCOME_OFFSET] ?? 0)
    if (outcome === undefined) return null
    const retryAfterMs = source.getUint32(offset + RETRY_OFFSET)
    answers.push({ number: source.getUint32(offset), outcome, retryAfterMs })
  }
  return answers
}

/** WebSocket close codes of this route. */
export const DEPOSIT_CLOSE = {
  /** A frame that is no deposit. */
  malformed: 4400,
  /** No deposit for too long. */
  idle: 4408,
  /** More unanswered deposits than the window allows. */
  windowExceeded: 4429,
} as const
