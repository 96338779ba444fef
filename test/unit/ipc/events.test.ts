import { expect, test, vi } from 'vitest'
import { eventPublisher } from '../../../src/main/ipc/publish-event.ts'
import { message } from '../main/views.ts'
import { MemoryLog } from './fixtures.ts'

test('an event goes to every page, by its name on the one channel', () => {
  const pages = [{ send: vi.fn() }, { send: vi.fn() }]
  const publish = eventPublisher(() => pages, new MemoryLog())
  publish('messages.added', [message()])
  for (const { send } of pages) {
    expect(send).toHaveBeenCalledExactlyOnceWith('sotto:event', 'messages.added', [message()])
  }
})

test('a payload with anything that the contract does not know is held back', () => {
  const page = { send: vi.fn() }
  const log = new MemoryLog()
  const publish = eventPublisher(() => [page], log)
  publish('messages.added', [{ ...message(), messageKey: 'planted-secret' }] as never)
  expect(page.send).not.toHaveBeenCalled()
  expect(log.lines).toEqual(['ipc-event-refused messages.added 0.messageKey (strict_object)'])
})
