import { beforeEach, expect, test, vi } from 'vitest'
import type { Client } from '#core/client.ts'
import { Events } from '#core/events.ts'
import type { ConversationId } from '#core/model.ts'
import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'
import { ok } from '#shared/result.ts'
import { bindClient } from '../../../src/main/client-binding.ts'
import { en } from '../../../src/main/texts/en.ts'
import { ACCOUNT, conversation, message } from './views.ts'

const publish = vi.fn()
const notifications = { show: vi.fn(), dismiss: vi.fn(), dismissAll: vi.fn() }
const showUnread = vi.fn()
const applySettings = vi.fn()
const accountChanged = vi.fn()
let events: Events
let watched: number | null
let due: (() => void) | null
let isClosed: boolean

function bind(): () => void {
  const client = {
    events,
    isClosed: () => isClosed,
    settings: () => {
      if (isClosed) throw new TypeError('The database connection is not open')
      return DEFAULT_SETTINGS
    },
    listConversations: () => [conversation({ id: 1, unreadCount: 2 })],
    getConversation: (id: number) => ok(conversation({ id })),
  }
  return bindClient(client as unknown as Client, {
    publish,
    notifications: notifications as never,
    texts: () => en,
    watched: () => watched,
    clock: {
      nowMs: () => 0,
      schedule: (_delayMs, callback) => {
        due = callback
        return () => (due = null)
      },
    },
    accountChanged,
    applySettings,
    showUnread,
  })
}

beforeEach(() => {
  vi.clearAllMocks()
  events = new Events()
  watched = null
  due = null
  isClosed = false
})

test('a profile that opens makes its settings act and shows what is unread', () => {
  bind()
  expect(applySettings).toHaveBeenCalledExactlyOnceWith(DEFAULT_SETTINGS)
  expect(showUnread).toHaveBeenCalledExactlyOnceWith(2)
})

test('messages that were about to be announced when the profile closes are not', () => {
  bind()
  events.emit('messages.added', [message()])
  isClosed = true
  due?.()
  expect(notifications.show).not.toHaveBeenCalled()
})

test('new messages go to the page at once, and those that come together are announced together', () => {
  bind()
  events.emit('messages.added', [message()])
  expect(publish).toHaveBeenCalledExactlyOnceWith('messages.added', [message()])
  events.emit('messages.added', [message({ text: 'And another' })])
  expect(notifications.show).not.toHaveBeenCalled()
  due?.()
  const announced = expect.objectContaining({ body: 'And another' })
  expect(notifications.show).toHaveBeenCalledExactlyOnceWith(announced)
})

test('a message that could not be opened is announced once its text has come', () => {
  bind()
  events.emit('messages.added', [message({ kind: 'unreadable', text: '' })])
  due?.()
  expect(notifications.show).not.toHaveBeenCalled()
  events.emit('messages.changed', [message({ text: 'Here it is' })])
  due?.()
  const announced = expect.objectContaining({ body: 'Here it is' })
  expect(notifications.show).toHaveBeenCalledExactlyOnceWith(announced)
})

test('receipts for what the user wrote are not announced', () => {
  bind()
  events.emit('messages.changed', [message({ author: 'me', state: 'read' })])
  expect(due).toBeNull()
})

test('what the user looks at is not announced', () => {
  bind()
  watched = 1
  events.emit('messages.added', [message()])
  due?.()
  expect(notifications.show).not.toHaveBeenCalled()
})

test('reading a conversation lowers the badge and takes its notification back', () => {
  bind()
  events.emit('conversations.changed', [conversation({ id: 1, unreadCount: 0 })])
  expect(showUnread).toHaveBeenLastCalledWith(0)
  expect(notifications.dismiss).toHaveBeenCalledExactlyOnceWith(1)
})

test('a conversation that is removed no longer counts', () => {
  bind()
  events.emit('conversations.removed', [1 as ConversationId])
  expect(showUnread).toHaveBeenLastCalledWith(0)
  expect(publish).toHaveBeenCalledExactlyOnceWith('conversations.removed', [1])
})

test('settings and the account act beyond the page', () => {
  bind()
  const settings = { ...DEFAULT_SETTINGS, theme: 'dark' as const }
  events.emit('settings.changed', settings)
  events.emit('account.changed', ACCOUNT)
  expect(applySettings).toHaveBeenLastCalledWith(settings)
  expect(accountChanged).toHaveBeenCalledExactlyOnceWith(ACCOUNT)
})

test('a profile that was closed says nothing more', () => {
  const unbind = bind()
  events.emit('messages.added', [message()])
  unbind()
  expect(due).toBeNull()
  publish.mockClear()
  events.emit('messages.added', [message()])
  expect(publish).not.toHaveBeenCalled()
  expect(notifications.show).not.toHaveBeenCalled()
  expect(notifications.dismissAll).toHaveBeenCalledOnce()
  expect(showUnread).toHaveBeenLastCalledWith(0)
})
