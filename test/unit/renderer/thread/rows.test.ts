import { expect, test } from 'vitest'
import type { MessageView } from '#shared/views.ts'
import { toRows } from '../../../../src/renderer/thread/rows.ts'
import { script } from '../../../helpers/renderer/people.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

function flags(messages: readonly MessageView[], firstUnreadSeq: number | null = null): string[] {
  return toRows(messages, firstUnreadSeq).map((row) =>
    [
      row.newDay ? 'day' : '',
      row.unread ? 'unread' : '',
      row.groupStart ? 'start' : '',
      row.groupEnd ? 'end' : '',
      row.showMeta ? 'meta' : '',
    ]
      .filter(Boolean)
      .join(' '),
  )
}

test('messages of one author in a short time stand as one group, with the time on the last', () => {
  const messages = script(1, 1, 0, [
    ['them', 'a', 0],
    ['them', 'b', MINUTE_MS],
    ['them', 'c', MINUTE_MS],
    ['me', 'd', MINUTE_MS],
  ])
  expect(flags(messages)).toEqual(['day start', '', 'end meta', 'start end meta'])
})

test('a long pause begins a new group', () => {
  const messages = script(1, 1, 0, [
    ['them', 'a', 0],
    ['them', 'b', 6 * MINUTE_MS],
  ])
  expect(flags(messages).at(-1)).toBe('start end meta')
})

test('a new day is marked and begins a new group', () => {
  const messages = script(1, 1, 0, [
    ['me', 'a', 0],
    ['me', 'b', DAY_MS],
  ])
  expect(flags(messages)).toEqual(['day start end meta', 'day start end meta'])
})

test('the unread divider parts a group', () => {
  const messages = script(1, 10, 0, [
    ['them', 'a', 0],
    ['them', 'b', MINUTE_MS],
  ])
  expect(flags(messages, 11)).toEqual(['day start end meta', 'unread start end meta'])
})

test('a message whose state differs from the next shows its own', () => {
  const messages = script(1, 1, 0, [
    ['me', 'a', 0, { state: 'read' }],
    ['me', 'b', MINUTE_MS, { state: 'waiting' }],
  ])
  expect(flags(messages)).toEqual(['day start meta', 'end meta'])
})
