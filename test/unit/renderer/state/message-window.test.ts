import { describe, expect, test } from 'vitest'
import {
  appendPage,
  dropMessages,
  MAX_LOADED,
  mergeChanged,
  prependPage,
  takeInAdded,
  trim,
  unreadStart,
} from '../../../../src/renderer/state/message-window.ts'
import { script } from '../../../helpers/renderer/people.ts'

function messages(from: number, count: number) {
  return script(
    1,
    from,
    0,
    Array.from({ length: count }, (_, n) => [n % 2 === 0 ? 'them' : 'me', `m${from + n}`, 1_000]),
  )
}

function stretch(from: number, count: number, change = {}) {
  return { messages: messages(from, count), hasOlder: true, hasNewer: false, ...change }
}

const seqs = (window: { readonly messages: readonly { readonly seq: number }[] }) =>
  window.messages.map(({ seq }) => seq)

describe('pages', () => {
  test('an older page goes in front, what overlaps only once', () => {
    const grown = prependPage(stretch(10, 3), stretch(7, 4, { hasOlder: false }))
    expect(seqs(grown)).toEqual([7, 8, 9, 10, 11, 12])
    expect(grown.hasOlder).toBe(false)
  })

  test('a newer page goes behind, what overlaps only once', () => {
    const grown = appendPage(stretch(10, 3, { hasNewer: true }), stretch(12, 3))
    expect(seqs(grown)).toEqual([10, 11, 12, 13, 14])
    expect(grown.hasNewer).toBe(false)
  })

  test('the far end makes way, and is known to be there', () => {
    const full = stretch(1, MAX_LOADED + 5, { hasOlder: false })
    expect(trim(full, 'end')).toMatchObject({ hasOlder: false, hasNewer: true })
    expect(seqs(trim(full, 'end')).at(-1)).toBe(MAX_LOADED)
    expect(trim(full, 'start')).toMatchObject({ hasOlder: true, hasNewer: false })
    expect(seqs(trim(full, 'start'))[0]).toBe(6)
    const few = stretch(1, 3)
    expect(trim(few, 'end')).toBe(few)
  })
})

describe('events', () => {
  test('new messages go to the end, in order, each once', () => {
    const grown = takeInAdded(stretch(1, 2), [...messages(4, 1), ...messages(2, 2)])
    expect(seqs(grown)).toEqual([1, 2, 3, 4])
  })

  test('where the end is not loaded, new messages wait there', () => {
    const window = stretch(1, 2, { hasNewer: true })
    expect(takeInAdded(window, messages(9, 1))).toBe(window)
  })

  test('a changed row is replaced, the others stay the same objects', () => {
    const window = stretch(1, 3)
    const changed = messages(2, 1).map((message) => ({ ...message, text: 'new' }))
    const after = mergeChanged(window, changed)
    expect(after.messages[1]?.text).toBe('new')
    expect(after.messages[0]).toBe(window.messages[0])
    expect(mergeChanged(window, messages(9, 1))).toBe(window)
  })

  test('one message or all of them go away', () => {
    expect(seqs(dropMessages(stretch(1, 3), 2))).toEqual([1, 3])
    expect(dropMessages(stretch(1, 3), null)).toEqual({
      messages: [],
      hasOlder: false,
      hasNewer: false,
    })
  })
})

describe('unreadStart', () => {
  test('counts incoming messages from the end', () => {
    expect(unreadStart(messages(1, 6), 2)).toBe(3)
  })

  test('is nothing where all are read, or where it is not loaded', () => {
    expect(unreadStart(messages(1, 6), 0)).toBeNull()
    expect(unreadStart(messages(1, 6), 4)).toBeNull()
  })

  test('notices are not counted', () => {
    const list = script(1, 1, 0, [
      ['them', 'a', 0],
      ['them', '', 0, { kind: 'notice', notice: 'verified' }],
    ])
    expect(unreadStart(list, 1)).toBe(1)
  })
})
