import { describe, expect, test } from 'vitest'
import { emojiCount } from '../../../../src/renderer/thread/emoji-only.ts'
import { unreadableCause } from '../../../../src/renderer/thread/unreadable-cause.ts'
import { shorten } from '../../../../src/renderer/thread/shorten.ts'

describe('emojiCount', () => {
  test.each([
    ['🙏', 1],
    ['👩‍👩‍👧‍👦', 1],
    ['👍🏽 🎉', 2],
    ['🇸🇪🇩🇰', 2],
    ['❤️', 1],
    ['🙂🙂🙂🙂🙂🙂', 6],
    ['🙂🙂🙂🙂🙂🙂🙂', 0],
    ['ok 👍', 0],
    ['1', 0],
    ['', 0],
    ['  ', 0],
  ])('%s has %i', (text, count) => {
    expect(emojiCount(text)).toBe(count)
  })
})

describe('shorten', () => {
  test('leaves what fits', () => {
    expect(shorten('short')).toBeNull()
    expect(shorten('a\n'.repeat(20))).toBeNull()
  })

  test('cuts after so many lines', () => {
    expect(shorten('line\n'.repeat(60))?.split('\n')).toHaveLength(24)
  })

  test('cuts between words', () => {
    const short = shorten('word '.repeat(2_000))
    expect(short?.endsWith('word')).toBe(true)
    expect(short?.length).toBeLessThanOrEqual(1_600)
  })

  test('never cuts a character in two', () => {
    for (let lead = 0; lead < 4; lead += 1) {
      const short = shorten('x'.repeat(lead) + '😀'.repeat(2_000))
      expect(short?.isWellFormed()).toBe(true)
    }
  })
})

test.each([
  ['MESSAGE_UNREADABLE', 'damaged'],
  [null, 'damaged'],
  ['UNKNOWN_VERSION', 'newer'],
  ['PREKEY_UNKNOWN', 'session'],
  ['SIGNATURE_INVALID', 'refused'],
] as const)('a message unreadable by %s is explained as %s', (code, cause) => {
  expect(unreadableCause(code)).toBe(cause)
})
