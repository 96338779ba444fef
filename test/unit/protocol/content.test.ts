import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeContent,
  decodePlaintext,
  encodeContent,
  encodePlaintext,
  excerptOf,
  isTextSendable,
  type Content,
  type SeenCheckpoint,
} from '#protocol/content.ts'
import { MAX_TEXT_CHARS } from '#shared/text-limits.ts'

const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
const ids = fc.array(id, { maxLength: 5 })
const wellFormed = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
const content: fc.Arbitrary<Content> = fc.record(
  {
    sentAtMs: fc.integer({ min: 0, max: 9_000_000_000_000 }),
    profile: fc.record({ displayName: fc.stringMatching(/^[a-z]{0,32}$/) }),
    tokenGrant: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    receipts: fc.record({ delivered: ids, read: ids, envelopes: ids }),
    resendRequest: fc.record({ envelopeIds: ids, nothingToResend: ids }),
    text: fc.record(
      {
        messageId: id,
        text: wellFormed,
        replyTo: fc.record({
          messageId: id,
          byReceiver: fc.boolean(),
          excerpt: fc.string({ unit: 'binary-ascii', maxLength: 60 }),
        }),
        resentFor: id,
      },
      { requiredKeys: ['messageId', 'text'] },
    ),
    signedMode: fc.boolean(),
    checkpoints: fc.array(
      fc.record({
        relay: fc.stringMatching(/^[a-z.]{1,32}$/),
        logKey: fc.uint8Array({ minLength: 65, maxLength: 65 }),
        checkpoint: fc.uint8Array({ minLength: 113, maxLength: 113 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    inviteProof: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  },
  { requiredKeys: ['sentAtMs'] },
)

function checkpoint(change: Partial<SeenCheckpoint>): SeenCheckpoint {
  return {
    relay: 'relay.example',
    logKey: new Uint8Array(65),
    checkpoint: new Uint8Array(113),
    ...change,
  }
}

describe('content', () => {
  test('decodes to what was encoded', () => {
    fc.assert(
      fc.property(content, (value) => {
        expect(decodeContent(encodeContent(value))).toEqual(value)
      }),
    )
  })

  test('never throws on bytes of a peer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        decodeContent(bytes)
        decodePlaintext(bytes)
      }),
    )
  })

  test.each<[string, Content]>([
    ['a short token', { sentAtMs: 1, tokenGrant: new Uint8Array(31) }],
    ['a long name', { sentAtMs: 1, profile: { displayName: 'x'.repeat(65) } }],
    [
      'a short id',
      { sentAtMs: 1, receipts: { delivered: [new Uint8Array(15)], read: [], envelopes: [] } },
    ],
    [
      'a long hash',
      { sentAtMs: 1, receipts: { delivered: [], read: [], envelopes: [new Uint8Array(32)] } },
    ],
    [
      'too many ids',
      {
        sentAtMs: 1,
        resendRequest: {
          envelopeIds: Array.from({ length: 201 }, () => new Uint8Array(16)),
          nothingToResend: [],
        },
      },
    ],
    ...(
      [
        ['too many checkpoints', Array.from({ length: 5 }, () => checkpoint({}))],
        ['a short checkpoint', [checkpoint({ checkpoint: new Uint8Array(112) })]],
        ['a checkpoint without a key', [checkpoint({ logKey: new Uint8Array(0) })]],
        ['a checkpoint of a very long host', [checkpoint({ relay: 'x'.repeat(301) })]],
      ] as const
    ).map(([name, checkpoints]): [string, Content] => [name, { sentAtMs: 1, checkpoints }]),
    ['an empty text', { sentAtMs: 1, text: { messageId: new Uint8Array(16), text: '' } }],
    [
      'a long text',
      {
        sentAtMs: 1,
        text: { messageId: new Uint8Array(16), text: 'x'.repeat(MAX_TEXT_CHARS + 1) },
      },
    ],
  ])('refuses %s', (_, value) => {
    expect(decodeContent(encodeContent(value))).toBeNull()
  })

  test('counts long texts in bytes too', () => {
    expect(isTextSendable('x'.repeat(MAX_TEXT_CHARS))).toBe(true)
    expect(isTextSendable('€'.repeat(20_000))).toBe(false)
  })

  test('takes from names what would disturb the line they stand in', () => {
    const displayName = '\u202eAda\u0000\n\u2066 (verified)\u2069'
    const decoded = decodeContent(encodeContent({ sentAtMs: 1, profile: { displayName } }))
    expect(decoded?.profile).toEqual({ displayName: 'Ada  (verified)' })
  })

  test('cuts excerpts between characters', () => {
    const excerpt = excerptOf('😀'.repeat(300))
    expect([...excerpt]).toHaveLength(200)
    expect(excerpt.endsWith('😀')).toBe(true)
  })

  test('frames with and without a signature', () => {
    const framed = { content: new Uint8Array([1, 2]), signature: new Uint8Array(64).fill(3) }
    expect(decodePlaintext(encodePlaintext(framed))).toEqual(framed)
    const unsigned = { content: new Uint8Array([1, 2]), signature: null }
    expect(decodePlaintext(encodePlaintext(unsigned))).toEqual(unsigned)
    const short = { content: new Uint8Array([1]), signature: new Uint8Array(63) }
    expect(decodePlaintext(encodePlaintext(short))).toBeNull()
  })
})
