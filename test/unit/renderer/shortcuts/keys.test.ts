import { expect, test } from 'vitest'
import { COMMANDS } from '../../../../src/renderer/shortcuts/commands.ts'
import { matchesKeys, parseKeys, type KeyPress } from '../../../../src/renderer/shortcuts/keys.ts'

function press(change: Partial<KeyPress>): KeyPress {
  return {
    key: '',
    code: '',
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...change,
  }
}

test('the modifier is Control, and Command on macOS', () => {
  const keys = parseKeys('Mod+K')
  expect(matchesKeys(keys, press({ key: 'k', ctrlKey: true }), false)).toBe(true)
  expect(matchesKeys(keys, press({ key: 'k', metaKey: true }), true)).toBe(true)
  expect(matchesKeys(keys, press({ key: 'k', ctrlKey: true }), true)).toBe(false)
  expect(matchesKeys(keys, press({ key: 'k' }), false)).toBe(false)
})

test('further modifiers must be as declared', () => {
  const keys = parseKeys('Mod+F')
  expect(matchesKeys(keys, press({ key: 'F', ctrlKey: true, shiftKey: true }), false)).toBe(false)
  expect(matchesKeys(keys, press({ key: 'f', ctrlKey: true, altKey: true }), false)).toBe(false)
})

test('letters are found by their place under another script', () => {
  const keys = parseKeys('Mod+K')
  expect(matchesKeys(keys, press({ key: 'л', code: 'KeyK', ctrlKey: true }), false)).toBe(true)
  expect(matchesKeys(keys, press({ key: 'd', code: 'KeyK', ctrlKey: true }), false)).toBe(false)
})

test('digits are found by their place where they need Shift to be typed', () => {
  const keys = parseKeys('Mod+1')
  expect(matchesKeys(keys, press({ key: '&', code: 'Digit1', ctrlKey: true }), false)).toBe(true)
})

test('punctuation is compared by what it types', () => {
  const keys = parseKeys('Mod+/')
  const german = press({ key: '/', code: 'Digit7', ctrlKey: true, shiftKey: true })
  expect(matchesKeys(keys, german, false)).toBe(true)
})

test('an unknown modifier is refused', () => {
  expect(() => parseKeys('Hyper+K')).toThrow(RangeError)
})

test('no two commands share their keys', () => {
  const taken = COMMANDS.flatMap(({ keys }) => (keys === null ? [] : [keys]))
  expect(new Set(taken).size).toBe(taken.length)
})
