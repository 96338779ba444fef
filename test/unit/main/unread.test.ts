import { expect, test } from 'vitest'
import { UnreadCount } from '../../../src/main/unread.ts'
import { conversation } from './views.ts'

test('unread messages add up; a conversation marked unread counts once', () => {
  const unread = new UnreadCount()
  unread.update(
    [conversation({ id: 1, unreadCount: 3 }), conversation({ id: 2, markedUnread: true })],
    0,
  )
  expect(unread.total()).toBe(4)
  unread.update([conversation({ id: 1, unreadCount: 1 })], 0)
  expect(unread.total()).toBe(2)
  unread.remove([2])
  expect(unread.total()).toBe(1)
  unread.clear()
  expect(unread.total()).toBe(0)
})

test('muted, archived and blocked conversations do not count', () => {
  const unread = new UnreadCount()
  const quiet = [
    conversation({ id: 1, unreadCount: 1, mutedUntilMs: 11 }),
    conversation({ id: 2, unreadCount: 1, archived: true }),
    conversation({ id: 3, unreadCount: 1 }, { relation: 'blocked' }),
  ]
  unread.update(quiet, 10)
  expect(unread.total()).toBe(0)
})
