import fc, { type Arbitrary } from 'fast-check'
import { DEPOSIT_CLOSE } from '#protocol/deposit-frames.ts'
import { MAX_ENVELOPE_BYTES } from '#protocol/relay-limits.ts'
import {
  BINARY,
  CONTINUATION,
  controlFrame,
  FIN,
  junk,
  TEXT,
  type Frame,
} from './websocket-frames.ts'
import { ascii, frame, WRONG_FRAMES, type Wrong } from './wrong-frames.ts'

// What a sender may do to `GET /v1/deposits` (RELAY-API §6.6), and how the relay has to take it.

/** Whom a token leads to: a device that reads, one whose mailbox is full, nobody. */
export type TokenKind = 'good' | 'full' | 'ended' | 'unknown'

export interface PlannedDeposit {
  readonly token: TokenKind
  readonly deviceId: number
  /** With the id of an earlier deposit. */
  readonly again: boolean
  readonly bodyBytes: number
  /** With the number of an earlier deposit. */
  readonly sameNumber: boolean
}

/** A right deposit in a form that a WebSocket may have. */
export type Form =
  | { readonly kind: 'whole' }
  | { readonly kind: 'fragments'; readonly cuts: readonly number[]; readonly between: Frame[] }
  /** Cut by the network, at these places. */
  | { readonly kind: 'packets'; readonly cuts: readonly number[] }

export type Step =
  | { readonly kind: 'deposit'; readonly deposit: PlannedDeposit; readonly form: Form }
  | { readonly kind: 'burst'; readonly count: number; readonly bodyBytes: number }
  | { readonly kind: 'wrong'; readonly wrong: WrongKind; readonly deposit: PlannedDeposit }
  | { readonly kind: 'control'; readonly frame: Frame }
  | { readonly kind: 'any'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' | 'pause' | 'resume' | 'settle' }

const HEAD_BYTES = 56
const MALFORMED = [DEPOSIT_CLOSE.malformed]

/** Every kind of frame that ends the connection. */
export const WRONG = {
  ...WRONG_FRAMES,
  text: { codes: MALFORMED, encode: () => frame(FIN | TEXT, ascii(100)) },
  empty: { codes: MALFORMED, encode: () => frame(FIN | BINARY, new Uint8Array(0)) },
  'without a whole head': {
    codes: MALFORMED,
    encode: (deposit) => frame(FIN | BINARY, deposit.subarray(0, HEAD_BYTES - 1)),
  },
  'too long': {
    codes: [1009],
    encode: () => frame(FIN | BINARY, new Uint8Array(HEAD_BYTES + MAX_ENVELOPE_BYTES + 1)),
  },
  'too long in fragments': {
    codes: [1009],
    encode: (deposit) =>
      Buffer.concat([
        frame(BINARY, deposit),
        frame(CONTINUATION, new Uint8Array(MAX_ENVELOPE_BYTES)),
        frame(FIN, new Uint8Array(HEAD_BYTES)),
      ]),
  },
} satisfies Record<string, Wrong>
export type WrongKind = keyof typeof WRONG
export const WRONG_KINDS = Object.keys(WRONG) as WrongKind[]

const planned: Arbitrary<PlannedDeposit> = fc.record({
  token: fc.oneof(
    { weight: 6, arbitrary: fc.constant('good' as const) },
    { weight: 3, arbitrary: fc.constantFrom('full' as const, 'ended', 'unknown') },
  ),
  deviceId: fc.oneof(
    { weight: 9, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.constantFrom(0, 2, 2 ** 31, 2 ** 32 - 1) },
  ),
  again: fc.oneof(
    { weight: 3, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  bodyBytes: fc.oneof(
    { weight: 6, arbitrary: fc.nat(300) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 60_000, 60_001, MAX_ENVELOPE_BYTES) },
  ),
  sameNumber: fc.oneof(
    { weight: 5, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
})
const cuts = fc.array(fc.nat(400), { minLength: 1, maxLength: 8 })
const form: Arbitrary<Form> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'whole' as const }) },
  fc.record({
    kind: fc.constant('fragments' as const),
    cuts,
    between: fc.array(controlFrame, { maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant('packets' as const), cuts }),
)
const depositPayload = fc.uint8Array({ maxLength: 200 })

export const depositSteps: Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ kind: fc.constant('deposit' as const), deposit: planned, form }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('burst' as const),
        count: fc.oneof(fc.integer({ min: 2, max: 300 }), fc.constantFrom(256, 257)),
        bodyBytes: fc.constantFrom(1, 50, 5_000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wrong' as const),
        wrong: fc.constantFrom(...WRONG_KINDS),
        deposit: planned,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('control' as const), frame: controlFrame }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('any' as const), bytes: junk(depositPayload) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('end' as const, 'pause', 'resume', 'settle', 'settle'),
      }),
    },
  ),
  { minLength: 1, maxLength: 12 },
)
