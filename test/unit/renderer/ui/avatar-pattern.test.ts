import { expect, test } from 'vitest'
import { avatarOf } from '../../../../src/renderer/ui/avatar-pattern.ts'
import { fingerprintOf } from '../../../helpers/renderer/people.ts'

test('the same account always looks the same', () => {
  expect(avatarOf(fingerprintOf(3), 'Ines')).toEqual(avatarOf(fingerprintOf(3), 'Ines'))
})

test('two accounts of one name look different', () => {
  const looks = Array.from({ length: 50 }, (_, n) =>
    JSON.stringify(avatarOf(fingerprintOf(n), 'Ines')),
  )
  expect(new Set(looks).size).toBe(50)
})

test.each([
  ['mira', 'M'],
  ['@jonas', 'J'],
  ['سلمى', 'س'],
  ['👩‍🚀', '👩‍🚀'],
  ['', '?'],
])('the initial of %j is %s', (title, initial) => {
  expect(avatarOf(fingerprintOf(1), title).initial).toBe(initial)
})
