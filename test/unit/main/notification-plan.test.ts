import { expect, test } from 'vitest'
import {
  escapeMarkup,
  planNotifications,
  type NotificationContext,
} from '../../../src/main/notification-plan.ts'
import { en } from '../../../src/main/texts/en.ts'
import { conversation, message } from './views.ts'

const context = (change: Partial<NotificationContext> = {}): NotificationContext => ({
  settings: { notifications: 'name-and-text', notificationSound: true },
  texts: en,
  nowMs: 1_000,
  watched: null,
  conversation: (id) => conversation({ id }),
  ...change,
})

const withContent = (notifications: NotificationContext['settings']['notifications']) =>
  context({ settings: { notifications, notificationSound: false } })

test('a message is announced with name and text', () => {
  expect(planNotifications([message()], context())).toEqual([
    { conversationId: 1, title: 'Ben 1', body: 'Hello', silent: false },
  ])
})

test('the settings decide how much of it is told', () => {
  const messages = [message()]
  expect(planNotifications(messages, withContent('name-only'))).toEqual([
    { conversationId: 1, title: 'Ben 1', body: 'New message', silent: true },
  ])
  expect(planNotifications(messages, withContent('hidden'))).toEqual([
    { conversationId: 1, title: 'Sotto', body: 'New message', silent: true },
  ])
  expect(planNotifications(messages, withContent('off'))).toEqual([])
})

test.each([
  ['our own', message({ author: 'me' })],
  ['a notice', message({ kind: 'notice', notice: 'verified', text: '' })],
  ['one that cannot be read yet', message({ kind: 'unreadable', text: '' })],
])('%s is not announced', (_what, silent) => {
  expect(planNotifications([silent], context())).toEqual([])
})

test('the conversation that the user looks at is not announced, others are', () => {
  const messages = [message(), message({ conversationId: 2 })]
  const planned = planNotifications(messages, context({ watched: 1 }))
  expect(planned.map((item) => item.conversationId)).toEqual([2])
})

test.each([
  ['muted', conversation({ mutedUntilMs: 1_001 })],
  ['archived', conversation({ archived: true })],
  ['blocked', conversation({}, { relation: 'blocked' })],
  ['gone', null],
])('a conversation that is %s stays quiet', (_what, quiet) => {
  expect(planNotifications([message()], context({ conversation: () => quiet }))).toEqual([])
})

test('a mute that is over does not silence', () => {
  const over = context({ conversation: () => conversation({ mutedUntilMs: 1_000 }) })
  expect(planNotifications([message()], over)).toHaveLength(1)
})

test('several messages of one conversation are one notification with the latest', () => {
  const messages = [message({ text: 'one' }), message({ text: 'two' })]
  expect(planNotifications(messages, context())).toMatchObject([{ body: 'two' }])
  expect(planNotifications(messages, withContent('name-only'))).toMatchObject([
    { body: '2 new messages' },
  ])
})

test('news from many conversations at once are summed up', () => {
  const messages = [1, 2, 3, 4, 4].map((conversationId) => message({ conversationId }))
  expect(planNotifications(messages, context())).toEqual([
    { conversationId: null, title: 'Sotto', body: '5 new messages', silent: false },
  ])
})

test('a request names who asks but not what they wrote', () => {
  const asking = context({ conversation: () => conversation({}, { relation: 'request-in' }) })
  const notice = message({ author: 'me', kind: 'notice', notice: 'request-received', text: '' })
  expect(planNotifications([notice, message({ text: 'buy now' })], asking)).toEqual([
    { conversationId: 1, title: 'Ben 1', body: 'wants to write to you', silent: false },
  ])
})

test('a long text is shortened between characters', () => {
  const [planned] = planNotifications([message({ text: '👍'.repeat(500) })], context())
  expect([...(planned?.body ?? '')]).toHaveLength(200)
  expect(planned?.body.endsWith('👍…')).toBe(true)
})

test('markup is shown as it was written', () => {
  expect(escapeMarkup('<a href="x">&amp;</a>')).toBe('&lt;a href="x"&gt;&amp;amp;&lt;/a&gt;')
})
