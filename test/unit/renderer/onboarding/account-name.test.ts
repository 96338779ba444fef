import { expect, test } from 'vitest'
import {
  displayRelay,
  isAccountName,
  splitTypedName,
  suggestAccountName,
} from '../../../../src/renderer/onboarding/account-name.ts'

test.each([
  ['Anna Bérger', 'anna.berger'],
  ['  Zoë  ', 'zoe'],
  ['Jörg Groß', 'jorg.gross'],
  ["Sinéad O'Connor", 'sinead.o.connor'],
  ['李明', ''],
  ['x'.repeat(40), 'x'.repeat(32)],
])('%j suggests %j', (displayName, name) => {
  expect(suggestAccountName(displayName)).toBe(name)
})

test('a suggestion that is cut off does not end in a dot', () => {
  expect(suggestAccountName(`${'a'.repeat(31)} b`)).toBe('a'.repeat(31))
})

test.each(['an', 'anna.b-2_x', '0day'])('%j is a name', (name) => {
  expect(isAccountName(name)).toBe(true)
})

test.each(['', 'a', '.anna', 'Anna', 'an na', 'é1', 'a'.repeat(33)])('%j is no name', (name) => {
  expect(isAccountName(name)).toBe(false)
})

test('a whole address in the name field fills the relay too', () => {
  expect(splitTypedName(' Anna@Relay.Example.org:8443 ')).toEqual({
    name: 'anna',
    relay: 'relay.example.org:8443',
  })
  expect(splitTypedName('anna@')).toEqual({ name: 'anna' })
})

test('a relay is shown without scheme and slash', () => {
  expect(displayRelay(' https://Relay.example.org/ ')).toBe('relay.example.org')
})
