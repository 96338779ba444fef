import { describe, expect, test } from 'vitest'
import { loadShortcodes } from '../../../../src/renderer/composer/emoji-data.ts'
import { openShortcode, suggest } from '../../../../src/renderer/composer/shortcode-search.ts'
import { roomLeft } from '../../../../src/renderer/composer/text-limit.ts'

describe('openShortcode', () => {
  test.each([
    ['hello :smi', { start: 6, word: 'smi', closed: false }],
    [':+1', { start: 0, word: '+1', closed: false }],
    ['(:tada:', { start: 1, word: 'tada', closed: true }],
    ['line\n:Heart', { start: 5, word: 'heart', closed: false }],
  ])('finds the one in %j', (text, found) => {
    expect(openShortcode(text, text.length)).toEqual(found)
  })

  test.each(['at 10:30', 'https://x', ':s', ': smile', 'a:smile', ':smile: done'])(
    'finds none in %j',
    (text) => {
      expect(openShortcode(text, text.length)).toBeNull()
    },
  )

  test('looks only at what stands before the caret', () => {
    expect(openShortcode(':smile', 3)).toEqual({ start: 0, word: 'sm', closed: false })
  })
})

describe('suggest', () => {
  test('has the exact code first, then those that begin with it', async () => {
    const codes = suggest(await loadShortcodes(), 'heart').map(({ code }) => code)
    expect(codes[0]).toBe('heart')
    expect(codes).toHaveLength(8)
    expect(codes.every((code) => code.includes('heart'))).toBe(true)
  })

  test('knows the emoji of a code', async () => {
    expect(suggest(await loadShortcodes(), 'tada')[0]).toEqual({ code: 'tada', emoji: '🎉' })
  })
})

describe('roomLeft', () => {
  test('says nothing while there is plenty', () => {
    expect(roomLeft('')).toBeNull()
    expect(roomLeft('a'.repeat(40_000))).toBeNull()
  })

  test('counts down, and below zero', () => {
    expect(roomLeft('a'.repeat(47_500))).toBe(500)
    expect(roomLeft('a'.repeat(48_010))).toBe(-10)
  })

  test('counts encoded bytes where characters take several', () => {
    expect(roomLeft('語'.repeat(18_667))).toBe(-1)
    expect(roomLeft('語'.repeat(18_656))).toBe(10)
  })
})
