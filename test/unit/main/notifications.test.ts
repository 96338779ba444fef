import { beforeEach, expect, test, vi } from 'vitest'
import { electronMock } from './electron-mock.ts'

const electron = electronMock()
vi.mock('electron', () => electron)
const { Notifications } = await import('../../../src/main/notifications.ts')

const planned = { conversationId: 3, title: 'Ben', body: 'a < b', silent: true }
const { made } = electron.Notification

beforeEach(() => {
  made.length = 0
})

test('a notification is shown, and a click opens its conversation', () => {
  const open = vi.fn()
  new Notifications({ isLinux: false, open }).show(planned)
  expect(made[0]?.options).toEqual({ title: 'Ben', body: 'a < b', silent: true })
  expect(made[0]?.show).toHaveBeenCalledOnce()
  made[0]?.emit('click')
  expect(open).toHaveBeenCalledExactlyOnceWith(3)
})

test('on Linux the body is escaped', () => {
  new Notifications({ isLinux: true, open: vi.fn() }).show(planned)
  expect(made[0]?.options.body).toBe('a &lt; b')
})

test('a newer notification of a conversation takes the place of the older', () => {
  const notifications = new Notifications({ isLinux: false, open: vi.fn() })
  notifications.show(planned)
  notifications.show({ ...planned, conversationId: 4 })
  notifications.show(planned)
  expect(made.map((one) => one.close.mock.calls.length)).toEqual([1, 0, 0])
})

test('what is read is taken back', () => {
  const notifications = new Notifications({ isLinux: false, open: vi.fn() })
  notifications.show(planned)
  notifications.show({ ...planned, conversationId: 4 })
  notifications.dismiss(3)
  expect(made.map((one) => one.close.mock.calls.length)).toEqual([1, 0])
  notifications.dismissAll()
  expect(made.map((one) => one.close.mock.calls.length)).toEqual([1, 1])
})

test('what has timed out on Windows is still in the Action Center, and taken back', () => {
  const notifications = new Notifications({ isLinux: false, open: vi.fn() })
  notifications.show(planned)
  made[0]?.emit('close', { reason: 'timedOut' })
  notifications.dismiss(3)
  expect(made[0]?.close).toHaveBeenCalledOnce()
})

test('what the user has closed is forgotten', () => {
  const notifications = new Notifications({ isLinux: false, open: vi.fn() })
  notifications.show(planned)
  made[0]?.emit('close', { reason: 'userCanceled' })
  notifications.dismiss(3)
  expect(made[0]?.close).not.toHaveBeenCalled()
})
