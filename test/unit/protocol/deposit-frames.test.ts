import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeDepositAnswers,
  decodeDepositFrame,
  DEPOSIT_OUTCOMES,
  encodeDepositAnswers,
  encodeDepositFrame,
  type DepositOutcomeName,
} from '#protocol/deposit-frames.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint32 = fc.nat({ max: 0xffff_ffff })
const deposit = fc.record({
  number: uint32,
  token: bytes(32),
  deviceId: uint32,
  id: bytes(16),
  body: fc.uint8Array({ maxLength: 2_000 }),
})
const answer = fc.record({
  number: uint32,
  outcome: fc.constantFrom(...(Object.keys(DEPOSIT_OUTCOMES) as DepositOutcomeName[])),
  retryAfterMs: uint32,
})

describe('deposit frames', () => {
  test('what is encoded is decoded', () => {
    fc.assert(
      fc.property(deposit, (value) => {
        expect(decodeDepositFrame(encodeDepositFrame(value))).toEqual(value)
      }),
    )
  })

  test('what is too short for a head is none', () => {
    expect(decodeDepositFrame(new Uint8Array(55))).toBeNull()
    expect(decodeDepositFrame(new Uint8Array(56))?.body).toHaveLength(0)
  })

  test('the layout is the one of the specification', () => {
    const value = { number: 0x01020304, deviceId: 0x05060708 }
    const token = new Uint8Array(32).fill(0xaa)
    const id = new Uint8Array(16).fill(0xbb)
    const frame = encodeDepositFrame({ ...value, token, id, body: Uint8Array.of(0xcc) })
    expect(Buffer.from(frame).toString('hex')).toBe(
      `01020304${'aa'.repeat(32)}05060708${'bb'.repeat(16)}cc`,
    )
  })
})

describe('answer frames', () => {
  test('what is encoded is decoded', () => {
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1 }), (values) => {
        expect(decodeDepositAnswers(encodeDepositAnswers(values))).toEqual(values)
      }),
    )
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['a part of one', new Uint8Array(8).fill(1)],
    ['one and a part', new Uint8Array(10).fill(1)],
    ['an unknown outcome', Uint8Array.of(0, 0, 0, 1, 99, 0, 0, 0, 0)],
  ])('%s is none', (_name, frame) => {
    expect(decodeDepositAnswers(frame)).toBeNull()
  })

  test('arbitrary bytes never break the decoders', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (frame) => {
        decodeDepositFrame(frame)
        decodeDepositAnswers(frame)
      }),
    )
  })

  test('a time beyond 32 bits is the longest one', () => {
    const frame = encodeDepositAnswers([
      { number: 1, outcome: 'RATE_LIMITED', retryAfterMs: 2 ** 40 },
    ])
    expect(decodeDepositAnswers(frame)?.[0]?.retryAfterMs).toBe(0xffff_ffff)
  })
})
