import { expect, test } from 'vitest'
import { snippet } from '../../../../src/renderer/conversations/snippet.ts'

const shown = (parts: ReturnType<typeof snippet>) =>
  parts.map(({ text, hit }) => (hit ? `[${text}]` : text)).join('')

test('marks every hit of a short text', () => {
  expect(
    shown(
      snippet('bread and more bread', [
        [0, 5],
        [15, 20],
      ]),
    ),
  ).toBe('[bread] and more [bread]')
})

test('begins shortly before a hit that comes late, at a word', () => {
  const text = `${'word '.repeat(40)}needle behind`
  expect(shown(snippet(text, [[200, 206]]))).toBe('…word word word word [needle] behind')
})

test('ends a long text', () => {
  const parts = snippet('x'.repeat(1_000), [[0, 1]])
  expect(parts.map(({ text }) => text).join('')).toHaveLength(160)
})

test('without a hit it is the beginning', () => {
  expect(shown(snippet('just this', []))).toBe('just this')
})
