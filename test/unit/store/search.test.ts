import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MessageSeq } from '#core/model.ts'
import type { MessageSearchQuery, Store } from '#core/ports.ts'
import { SearchQuery } from '#store/search-words.ts'
import { addConversation, addMessage } from './builders.ts'
import { newStore } from './stores.ts'

function found(store: Store, query: Partial<MessageSearchQuery>): string[] {
  const hits = store.messages.search({
    text: '',
    conversationId: null,
    beforeSeq: null,
    limit: 50,
    ...query,
  })
  return hits.map(({ message }) => message.text)
}

describe('searching messages', () => {
  test('gives what has all words, newest first, with the conversation and the places', () => {
    const store = newStore()
    const { id } = addConversation(store)
    addMessage(store, id, { text: 'See you tomorrow' })
    addMessage(store, id, { text: 'Tomorrow, then', author: 'me' })
    addMessage(store, id, { text: 'Never' })
    const hits = store.messages.search({
      text: 'tomor',
      conversationId: null,
      beforeSeq: null,
      limit: 10,
    })
    expect(hits.map((hit) => [hit.message.text, hit.conversationId, hit.ranges])).toEqual([
      ['Tomorrow, then', id, [[0, 8]]],
      ['See you tomorrow', id, [[8, 16]]],
    ])
  })

  test('keeps to one conversation where it is asked to', () => {
    const store = newStore()
    const [one, other] = [addConversation(store), addConversation(store)]
    addMessage(store, one.id, { text: 'apple one' })
    addMessage(store, other.id, { text: 'apple other' })
    expect(found(store, { text: 'apple', conversationId: one.id })).toEqual(['apple one'])
    expect(found(store, { text: 'apple' })).toEqual(['apple other', 'apple one'])
  })

  test('goes on below a message, a page at a time', () => {
    const store = newStore()
    const { id } = addConversation(store)
    for (let i = 0; i < 25; i++) addMessage(store, id, { text: `apple ${String(i)}` })
    const texts: string[] = []
    let beforeSeq: MessageSeq | null = null
    for (;;) {
      const hits = store.messages.search({ text: 'app', conversationId: id, beforeSeq, limit: 10 })
      texts.push(...hits.map(({ message }) => message.text))
      beforeSeq = hits.at(-1)?.message.seq ?? null
      if (beforeSeq === null) break
    }
    expect(texts).toEqual(Array.from({ length: 25 }, (_, i) => `apple ${String(24 - i)}`))
  })

  test('finds a rare word among very many that begin alike', () => {
    const store = newStore()
    const { id } = addConversation(store)
    addMessage(store, id, { text: 'a transistor' })
    store.transaction(() => {
      for (let i = 0; i < 600; i++) addMessage(store, id, { text: `translation ${String(i)}` })
    })
    expect(found(store, { text: 'transis' })).toEqual(['a transistor'])
    expect(found(store, { text: 'transl', limit: 3 })).toEqual([
      'translation 599',
      'translation 598',
      'translation 597',
    ])
  })

  test('does not find notices, unreadable messages and removed ones', () => {
    const store = newStore()
    const { id } = addConversation(store)
    addMessage(store, id, { kind: 'notice', text: 'verified' })
    const unreadable = addMessage(store, id, { kind: 'unreadable', text: '' })
    const removed = addMessage(store, id, { text: 'apple verified' })
    store.messages.remove(removed.seq)
    expect(found(store, { text: 'verified' })).toEqual([])
    store.messages.replaceUnreadable(unreadable.seq, {
      ...unreadable,
      kind: 'text',
      text: 'verified at last',
    })
    expect(found(store, { text: 'verified' })).toEqual(['verified at last'])
  })

  test('takes whatever is typed as words', () => {
    const store = newStore()
    const { id } = addConversation(store)
    addMessage(store, id, { text: '100% "quoted" (brackets) a-b AND or NOT * ^' })
    for (const text of [
      '"',
      '""',
      '*',
      '(',
      'AND',
      'a-b',
      '"quoted',
      'NEAR(',
      'x:y',
      '-',
      "'",
      '\0',
    ]) {
      expect(() => found(store, { text })).not.toThrow()
    }
    expect(found(store, { text: 'a-b AND "quoted' })).toHaveLength(1)
    expect(found(store, { text: 'NOT brackets' })).toHaveLength(1)
  })

  test('agrees with reading every message, for any texts and any query', () => {
    const word = fc.constantFrom(
      'a',
      'ab',
      'abc',
      'abcde',
      'abcdf',
      'é',
      '日',
      '本',
      '語',
      '🎉',
      'x1',
    )
    const gap = fc.constantFrom(' ', '', '-', ', ')
    const text = fc
      .array(fc.tuple(word, gap), { minLength: 1, maxLength: 6 })
      .map((parts) => parts.flat().join(''))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 30 }), text, fc.boolean(), (texts, query, inOne) => {
        const store = newStore()
        const conversations = [addConversation(store), addConversation(store)] as const
        const all = texts.map((each, index) =>
          addMessage(store, conversations[index % 2 === 0 ? 0 : 1].id, { text: each }),
        )
        const conversationId = inOne ? conversations[0].id : null
        const parsed = SearchQuery.parse(query)
        const expected = all
          .filter((each) => conversationId === null || each.conversationId === conversationId)
          .filter((each) => parsed !== null && parsed.findIn(each.text) !== null)
          .map((each) => each.text)
          .reverse()
        expect(found(store, { text: query, conversationId })).toEqual(expected)
      }),
      { numRuns: 40 },
    )
  })
})
