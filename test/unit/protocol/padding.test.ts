import { describe, expect, test } from 'vitest'
import {
  HANDSHAKE_HEADER_BYTES,
  MAX_ENVELOPE_BYTES,
  MESSAGE_OVERHEAD_BYTES,
} from '#protocol/envelope.ts'
import {
  MAX_PLAINTEXT_BYTES,
  padInto,
  paddedLength,
  PADDING_BUCKETS,
  unpad,
} from '#protocol/padding.ts'

function pad(plaintext: Uint8Array): Uint8Array {
  const padded = new Uint8Array(paddedLength(plaintext.length))
  padInto(padded, plaintext)
  return padded
}

describe('padding', () => {
  test.each([
    [0, 256],
    [255, 256],
    [256, 384],
    [1000, 1024],
    [1024, 1536],
    [49_152, 63_488],
    [MAX_PLAINTEXT_BYTES, 63_488],
  ])('brings %i bytes to %i', (length, bucket) => {
    const plaintext = new Uint8Array(length).fill(0x80)
    const padded = pad(plaintext)
    expect(padded).toHaveLength(bucket)
    expect(unpad(padded)).toEqual(plaintext)
  })

  test('keeps zeros and markers that belong to the text', () => {
    const plaintext = Uint8Array.of(0x80, 0, 0x80, 0, 0)
    expect(unpad(pad(plaintext))).toEqual(plaintext)
  })

  test('never lets an envelope pass its largest size, and costs at most half of the text above 256', () => {
    const largest = PADDING_BUCKETS.at(-1) ?? 0
    expect(largest).toBe(MAX_PLAINTEXT_BYTES + 1)
    expect(largest + MESSAGE_OVERHEAD_BYTES + HANDSHAKE_HEADER_BYTES).toBeLessThanOrEqual(
      MAX_ENVELOPE_BYTES,
    )
    for (let length = 256; length <= MAX_PLAINTEXT_BYTES; length += 17) {
      expect(paddedLength(length)).toBeLessThanOrEqual(1.5 * length)
    }
  })

  test('refuses text that is too long', () => {
    expect(() => paddedLength(MAX_PLAINTEXT_BYTES + 1)).toThrow(RangeError)
  })

  const bucket = (marker: number, at: number): Uint8Array => {
    const padded = new Uint8Array(256)
    padded[at] = marker
    return padded
  }
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['zeros alone', new Uint8Array(256)],
    ['another marker', bucket(0x81, 10)],
    ['a size between the buckets', pad(new Uint8Array(10)).subarray(0, 200)],
    ['a larger bucket than needed', new Uint8Array(384).fill(0x80, 10, 11)],
  ])('is not taken off %s', (_, padded) => {
    expect(unpad(padded)).toBeNull()
  })
})
