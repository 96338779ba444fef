import { expect, test, vi } from 'vitest'
import { PageMail } from '../../../src/main/page-mail.ts'

test('links and conversations wait until the page listens, the latest of each', () => {
  const publish = vi.fn()
  const mail = new PageMail(publish)
  mail.openLink('sotto://add?1')
  mail.openLink('sotto://add?2')
  mail.openConversation(3)
  publish.mockClear()
  expect(mail.waitingLink()).toBe('sotto://add?2')
  mail.pageReady()
  expect(publish.mock.calls).toEqual([
    ['conversation.requested', { conversationId: 3 }],
    ['link.opened', { link: 'sotto://add?2' }],
  ])
  expect(mail.waitingLink()).toBeNull()
  mail.pageReady()
  expect(publish).toHaveBeenCalledTimes(2)
})

test('a page of the first run is told of a link at once, and the link is kept until it was used', () => {
  const publish = vi.fn()
  const mail = new PageMail(publish)
  mail.openLink('sotto://add?1')
  expect(publish.mock.calls).toEqual([['link.opened', { link: 'sotto://add?1' }]])
  expect(mail.waitingLink()).toBe('sotto://add?1')
  mail.forgetLink()
  mail.pageReady()
  expect(publish).toHaveBeenCalledOnce()
})

test('a page that listens gets them at once, one that is gone does not', () => {
  const publish = vi.fn()
  const mail = new PageMail(publish)
  mail.pageReady()
  mail.openConversation(3)
  mail.pageGone()
  mail.openConversation(4)
  expect(publish.mock.calls).toEqual([['conversation.requested', { conversationId: 3 }]])
})

test('a command of the menu waits for a window that opens for it', () => {
  const publish = vi.fn()
  const mail = new PageMail(publish)
  mail.chooseCommand('about')
  mail.chooseCommand('settings')
  expect(publish).not.toHaveBeenCalled()
  mail.pageReady()
  mail.pageReady()
  expect(publish.mock.calls).toEqual([['menu.chosen', { command: 'settings' }]])
})
