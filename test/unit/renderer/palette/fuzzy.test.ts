import { expect, test } from 'vitest'
import { matchFuzzy } from '../../../../src/renderer/palette/fuzzy.ts'

function rank(query: string, ...texts: string[]): string[] {
  return texts
    .flatMap((text) => {
      const match = matchFuzzy(query, text)
      return match === null ? [] : [{ text, score: match.score }]
    })
    .sort((a, b) => b.score - a.score)
    .map(({ text }) => text)
}

test('an empty query fits everything, with nothing to highlight', () => {
  expect(matchFuzzy('  ', 'Anna')).toEqual({ score: 0, ranges: [] })
})

test('a text without the letters in order does not fit', () => {
  expect(matchFuzzy('anx', 'Anna')).toBeNull()
  expect(matchFuzzy('nab', 'ban')).toBeNull()
})

test('case and accents do not matter, and highlights keep the place in the original', () => {
  expect(matchFuzzy('jose', 'María José')?.ranges).toEqual([[6, 10]])
  expect(matchFuzzy('MARIA', 'María José')?.ranges).toEqual([[0, 5]])
})

test('decomposed accents are skipped without moving the highlight', () => {
  expect(matchFuzzy('ee', 'e\u0301e')?.ranges).toEqual([
    [0, 1],
    [2, 3],
  ])
})

test('initials find a text', () => {
  expect(matchFuzzy('cil', 'Copy invite link')).not.toBeNull()
})

test('words of the query may come in any order', () => {
  expect(matchFuzzy('link copy', 'Copy invite link')).not.toBeNull()
})

test('the start of a word beats its middle, and the start of the text beats both', () => {
  expect(rank('an', 'Susanne', 'Frau Anders', 'Anna')).toEqual(['Anna', 'Frau Anders', 'Susanne'])
})

test('letters side by side beat scattered ones', () => {
  expect(rank('set', 'Some early talk', 'Settings')[0]).toBe('Settings')
})

test('astral characters are matched whole', () => {
  expect(matchFuzzy('🙂', 'Ben 🙂')?.ranges).toEqual([[4, 6]])
})

test('initials are found at the starts of words, also where the letter comes earlier inside one', () => {
  expect(matchFuzzy('sn', 'Settings: Notifications')?.ranges).toEqual([
    [0, 1],
    [10, 11],
  ])
  expect(matchFuzzy('stn', 'Settings: Note')).not.toBeNull()
})
