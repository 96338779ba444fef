import { describe, expect, test } from 'vitest'
import {
  describeEnvelope,
  draftEnvelope,
  HANDSHAKE_HEADER_BYTES,
  MESSAGE_OVERHEAD_BYTES,
  parseEnvelope,
  splitHandshakeHeader,
} from '#protocol/envelope.ts'
import { PADDING_BUCKETS } from '#protocol/padding.ts'
import { concatBytes } from '#shared/bytes.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

const header = Uint8Array.from({ length: HANDSHAKE_HEADER_BYTES }, (_, index) => index % 251)

describe('an envelope', () => {
  test.each(PADDING_BUCKETS)('is laid out and parsed alike, with %i bytes of text', (padded) => {
    for (const handshake of [null, header]) {
      const { bytes, ...parts } = draftEnvelope(handshake, padded)
      expect(valueOf(parseEnvelope(bytes))).toEqual(parts)
      expect(parts.sealedText).toHaveLength(padded + 16)
      expect(parts.handshakeHeader).toEqual(handshake)
    }
  })

  test('has no byte outside of its parts, and authenticates all before the nonce', () => {
    for (const handshake of [null, header]) {
      const { bytes, ...parts } = draftEnvelope(handshake, 256)
      const joined = concatBytes(
        bytes.subarray(0, 2),
        parts.handshakeHeader ?? new Uint8Array(0),
        parts.headerNonce,
        parts.sealedHeader,
        parts.commitment,
        parts.nonce,
        parts.sealedText,
      )
      expect(joined).toEqual(bytes)
      const bound = parts.associatedData.length + parts.nonce.length + parts.sealedText.length
      expect(bound).toBe(bytes.length)
    }
  })

  test.each<[string, number[], number, string]>([
    ['nothing', [], 0, 'MESSAGE_UNREADABLE'],
    ['version 0', [0, 1], 419, 'UNKNOWN_VERSION'],
    ['version 2', [2, 1], 419, 'UNKNOWN_VERSION'],
    ['no type', [1], 1, 'MESSAGE_UNREADABLE'],
    ['type 0', [1, 0], 419, 'MESSAGE_UNREADABLE'],
    ['type 3', [1, 3], 419, 'MESSAGE_UNREADABLE'],
    ['no text', [1, 1], MESSAGE_OVERHEAD_BYTES, 'MESSAGE_UNREADABLE'],
    ['a text between the sizes', [1, 1], 420, 'MESSAGE_UNREADABLE'],
    ['an initial message without its handshake', [1, 2], 419, 'MESSAGE_UNREADABLE'],
    ['more than the largest', [1, 1], 65_537, 'MESSAGE_UNREADABLE'],
  ])('is refused: %s', (_, prefix, length, code) => {
    const bytes = new Uint8Array(length)
    bytes.set(prefix)
    expect(codeOf(parseEnvelope(bytes))).toBe(code)
  })
})

test('a handshake header has no byte outside of its parts', () => {
  const parts = splitHandshakeHeader(header)
  const { salt, ephemeral, kemCiphertext, sealedPrekeyIds, sealedIdentity } = parts
  expect(concatBytes(salt, ephemeral, kemCiphertext, sealedPrekeyIds, sealedIdentity)).toEqual(
    header,
  )
  expect([salt, ephemeral, kemCiphertext].map(({ length }) => length)).toEqual([16, 65, 1088])
})

describe('the description of an envelope', () => {
  test.each([null, header])('adds up to its size', (handshake) => {
    const { bytes } = draftEnvelope(handshake, 512)
    const description = describeEnvelope(bytes)
    if (!description.known) throw new Error('a valid envelope was not described')
    const sum = description.parts.reduce((total, part) => total + part.bytes, 0)
    expect(sum).toBe(bytes.length)
    expect(description.totalBytes).toBe(bytes.length)
    expect(description.type).toBe(handshake === null ? 'message' : 'initial')
  })

  test('of anything else says so', () => {
    expect(describeEnvelope(new Uint8Array(0))).toEqual({
      known: false,
      version: null,
      totalBytes: 0,
    })
    expect(describeEnvelope(Uint8Array.of(9, 1))).toEqual({
      known: false,
      version: 9,
      totalBytes: 2,
    })
  })
})
