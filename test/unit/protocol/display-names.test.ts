import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cleanDisplayName, mixesAlphabets } from '#protocol/display-names.ts'

describe('a name that others chose', () => {
  test.each([
    ['Anna\u200b', 'Anna'],
    ['An\u00adna', 'Anna'],
    ['An\u2060na\ufeff', 'Anna'],
    ['\u3164', ''],
    ['\u2800\u115f', ''],
    ['An\u200dna', 'Anna'],
    ['Anna\ufe0f', 'Anna'],
    ['Anna \u202egpj.exe', 'Anna  gpj.exe'],
    ['a\u2066b\u2069c', 'a b c'],
    ['Anna\nAdmin', 'Anna Admin'],
  ])('%j is shown as %j', (name, shown) => {
    expect(cleanDisplayName(name)).toBe(shown)
  })

  test.each([
    'Anna Müller',
    'Анна',
    'محمد علی',
    'می\u200cخواهم',
    'क्\u200dष',
    '葛\u{e0100}城'.normalize('NFC'),
    '👩\u200d👩\u200d👧 family',
    '❤️ Anna',
    '1️⃣',
    '👍🏽',
    '山田太郎',
    'O’Brien-Ņ',
  ])('%j stays as it is', (name) => {
    expect(cleanDisplayName(name)).toBe(name)
  })

  test('cleaning again changes nothing', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            'a',
            '1',
            '❤',
            '👩',
            'क',
            '\u094d',
            '\u200b',
            '\u200c',
            '\u200d',
            '\ufe0f',
            '\u202e',
            '\u3164',
            ' ',
          ),
          maxLength: 12,
        }),
        (name) => {
          const once = cleanDisplayName(name)
          expect(cleanDisplayName(once)).toBe(once)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('letters that pass for others', () => {
  test.each(['Аnna', 'Pаypal', 'Αdmin', 'Anna Bоb', 'ѕupport', '𝐀dmin\u0430'])(
    '%s mixes alphabets',
    (name) => {
      expect(mixesAlphabets(name)).toBe(true)
    },
  )

  test.each([
    'Anna',
    'Анна',
    'Anna Анна',
    'Tanaka 田中',
    'X線',
    'Kim민지',
    'Ωmega'.slice(1),
    '𝐀dmin',
    '',
  ])('%s does not', (name) => {
    expect(mixesAlphabets(name)).toBe(false)
  })
})
