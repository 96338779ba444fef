import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NAME_PATTERN } from '#protocol/address.ts'
import { nameSkeleton, RESERVED_NAMES, reservedNames } from '#protocol/look-alikes.ts'

const name = fc.stringMatching(NAME_PATTERN)

describe('names that look alike', () => {
  test.each([
    ['bob', 'b0b'],
    ['alice', 'a1ice'],
    ['alice', 'ailce'.replace('il', 'li')],
    ['alice', 'aiice'],
    ['mallory', 'ma11ory'],
    ['marna', 'mama'],
    ['vvilly', 'willy'],
    ['anna.b', 'annab'],
    ['anna_b', 'anna-b'],
    ['anna', 'anna.'],
  ])('%s and %s have one skeleton', (a, b) => {
    expect(nameSkeleton(a)).toBe(nameSkeleton(b))
  })

  test.each([
    ['anna', 'anne'],
    ['dan', 'clan'],
    ['user2', 'user5'],
    ['max', 'rnax1'],
    ['bob', 'bobb'],
  ])('%s and %s do not', (a, b) => {
    expect(nameSkeleton(a)).not.toBe(nameSkeleton(b))
  })

  test('a skeleton has itself as skeleton, and separators change nothing', () => {
    fc.assert(
      fc.property(name, (value) => {
        const skeleton = nameSkeleton(value)
        expect(nameSkeleton(value.replaceAll(/[._-]/g, ''))).toBe(skeleton)
        expect(skeleton).toMatch(/^[a-z2-9]*$/)
      }),
    )
  })

  test('every single swap of a look-alike is seen', () => {
    const swaps: readonly (readonly [string, string])[] = [
      ['0', 'o'],
      ['1', 'l'],
      ['1', 'i'],
      ['i', 'l'],
    ]
    fc.assert(
      fc.property(name, fc.constantFrom(...swaps), (value, [from, to]) => {
        expect(nameSkeleton(value.replaceAll(from, to))).toBe(nameSkeleton(value))
      }),
    )
  })
})

describe('reserved names', () => {
  const isReserved = reservedNames(RESERVED_NAMES)

  test.each(['admin', 'adm1n', 'supp0rt', 's0tto', 'post.master', 'no_reply', 'rnoderator'])(
    '%s is one',
    (value) => {
      expect(isReserved(value)).toBe(true)
    },
  )

  test.each(['alice', 'adminka', 'sottovoce', 'supporter'])('%s is none', (value) => {
    expect(isReserved(value)).toBe(false)
  })

  test('all of them are names, and none is there twice', () => {
    for (const value of RESERVED_NAMES) expect(value).toMatch(NAME_PATTERN)
    const skeletons = RESERVED_NAMES.map(nameSkeleton)
    expect(new Set(skeletons).size).toBe(skeletons.length)
  })
})
