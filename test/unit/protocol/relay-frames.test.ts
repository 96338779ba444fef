import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeAckFrame,
  decodeRelayFrame,
  encodeAckFrame,
  encodeDrainedFrame,
  encodeEnvelopeFrame,
  MAX_RELAY_FRAME_BYTES,
} from '#protocol/relay-frames.ts'

const sequence = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

describe('frames of the stream', () => {
  test('an envelope is read back as it was written', () => {
    const envelope = fc.record({
      sequence,
      receivedAtMs: sequence,
      id: bytes(16),
      label: bytes(16),
      body: fc.uint8Array({ maxLength: 300 }),
    })
    fc.assert(
      fc.property(envelope, (sent) => {
        expect(decodeRelayFrame(encodeEnvelopeFrame(sent))).toEqual({
          kind: 'envelope',
          envelope: sent,
        })
      }),
    )
  })

  test('markers and acknowledgements are read back as they were written', () => {
    fc.assert(
      fc.property(sequence, (number) => {
        expect(decodeRelayFrame(encodeDrainedFrame(number))).toEqual({
          kind: 'drained',
          sequence: number,
        })
        expect(decodeAckFrame(encodeAckFrame(number))).toBe(number)
      }),
    )
  })

  test('arbitrary bytes never throw, and what is read is what would be written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (frame) => {
        const read = decodeRelayFrame(frame)
        if (read?.kind === 'envelope') expect(encodeEnvelopeFrame(read.envelope)).toEqual(frame)
        if (read?.kind === 'drained') expect(encodeDrainedFrame(read.sequence)).toEqual(frame)
        const through = decodeAckFrame(frame)
        if (through !== null) expect(encodeAckFrame(through)).toEqual(frame)
      }),
    )
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['an unknown type', new Uint8Array(9).fill(9)],
    ['a cut envelope', Uint8Array.of(1, ...new Uint8Array(47))],
    ['a marker with something behind', Uint8Array.of(2, ...new Uint8Array(9))],
    ['a number beyond 2^53', Uint8Array.of(2, ...new Uint8Array(8).fill(255))],
    ['more than the largest envelope', new Uint8Array(MAX_RELAY_FRAME_BYTES + 1).fill(1)],
  ])('%s is not a frame', (_name, frame) => {
    expect(decodeRelayFrame(frame)).toBeNull()
  })
})
