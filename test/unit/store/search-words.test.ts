import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ConversationId } from '#core/model.ts'
import { indexedWords, SearchQuery } from '#store/search-words.ts'

const CONVERSATION = 7 as ConversationId

function marked(query: string, text: string): string | null {
  const ranges = SearchQuery.parse(query)?.findIn(text) ?? null
  if (ranges === null) return null
  let shown = ''
  let last = 0
  for (const [start, end] of ranges) {
    shown += `${text.slice(last, start)}[${text.slice(start, end)}]`
    last = end
  }
  return shown + text.slice(last)
}

describe('what a search finds in a text', () => {
  test.each([
    ['hello', 'Hello, hello!', '[Hello], [hello]!'],
    ['wor', 'hello world', 'hello [world]'],
    ['hello wor', 'World: hello', '[World]: [hello]'],
    ['hel world', 'hello world', null],
    ['w', 'hello world w', 'hello world [w]'],
    ['hello mars', 'hello world', null],
    ['creme', 'Crème brûlée', '[Crème] brûlée'],
    ['CRÈME', 'creme', '[creme]'],
    ['grosse', 'Große', '[Große]'],
    ['GRÖSSE', 'größe', '[größe]'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος', '[σίσυφος]'],
    ['don’t pan', "don't panic", "[don]'[t] [panic]"],
    ["don't pan", "don't panic", "[don]'[t] [panic]"],
    ['ﬁnal', 'final answer', '[final] answer'],
    ['привет', 'Привет, мир', '[Привет], мир'],
    ['السلام', 'السَّلَامُ عليكم', '[السَّلَامُ] عليكم'],
    ['日本', '日本語を勉強する', '[日本]語を勉強する'],
    ['本語を', '日本語を勉強する', '日[本語を]勉強する'],
    ['日語', '日本語', null],
    ['語', '日本語', '日本[語]'],
    ['日 強', '日本語を勉強する', '[日]本語を勉[強]する'],
    ['สวัสดี', 'สวัสดีครับ', '[สวัสดี]ครับ'],
    ['한국', '한국어 공부', '[한국어] 공부'],
    ['🎉', 'Done 🎉🎉', 'Done [🎉🎉]'],
    ['👍', 'ok 👍🏽!', 'ok [👍🏽]!'],
    ['👩‍👧', 'my 👩‍👧 here', 'my [👩‍👧] here'],
    ['🇩🇪', '🇦🇹 🇩🇪', '🇦🇹 [🇩🇪]'],
    ['v1.2', 'release v1.2.3', 'release [v1].[2].3'],
    ['\0a', 'x\0a', 'x\0[a]'],
  ])('%s in %s', (query, text, expected) => {
    expect(marked(query, text)).toBe(expected)
  })

  test.each(['', '   ', '"*"', '()', '...', '\0', '\u0301'])('is nothing for %j', (query) => {
    expect(SearchQuery.parse(query)).toBeNull()
  })

  test('gives ranges in order, inside the text, without overlap', () => {
    const piece = fc.oneof(
      fc.constantFrom('ab', 'abc', '日', '本', '🎉', ' ', '-', 'é', 'e\u0301', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(text, text, (query, content) => {
        let last = 0
        for (const [start, end] of SearchQuery.parse(query)?.findIn(content) ?? []) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          last = end
        }
        expect(last).toBeLessThanOrEqual(content.length)
      }),
    )
  })

  test('is the text itself, wherever it has a word', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        const query = SearchQuery.parse(text)
        if (query !== null) expect(query.findIn(text)).not.toBeNull()
      }),
    )
  })
})

describe('the query for the index', () => {
  test('quotes every word, so that nothing typed is syntax', () => {
    const query = SearchQuery.parse('a" OR NEAR(b* -c) {x}: ^d AND rowid')
    expect(query?.matchExpression(null, false)).toBe(
      '"a" "or" "near" "b" "c" "x" "d" "and" "rowid" *',
    )
  })

  test('looks touching characters up in pairs, and one character alone as it is', () => {
    expect(SearchQuery.parse('日本語')?.matchExpression(null, false)).toBe('"日本" "本語"')
    expect(SearchQuery.parse('日')?.matchExpression(null, false)).toBe('"日"')
  })

  test('cuts a long beginning where it may be loose', () => {
    const query = SearchQuery.parse('tomorrow')
    expect(query?.matchExpression(null, true)).toBe('"tomo" *')
    expect(query?.matchExpression(null, false)).toBe('"tomorrow" *')
  })

  test('stays bounded for any amount of words', () => {
    const words = Array.from({ length: 5000 }, (_, index) => `word${String(index)}`).join(' ')
    const expression = SearchQuery.parse(words)?.matchExpression(CONVERSATION, false) ?? ''
    expect(expression.split(' ').length).toBeLessThan(40)
    expect(expression).toContain('"word4999" *')
    expect(expression).toContain('\ue0007')
  })

  test('names a conversation by a word that no text can hold', () => {
    const indexed = indexedWords('private \ue0001 use', CONVERSATION)
    expect(indexed.match(/\ue000\d+/g)).toEqual(['\ue0007'])
  })
})
