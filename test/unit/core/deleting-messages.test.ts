import { expect, test } from 'vitest'
import { clearConversation } from '#core/conversations.ts'
import { removeMessage } from '#core/messages.ts'
import {
  addMessage,
  contactOf,
  conversationOf,
  outboxItemOf,
  uniqueBytes,
} from '../store/builders.ts'
import { openContext } from './open-context.ts'

/** A contact who has been told our token with a message that still waits. */
function setUp() {
  const { context } = openContext()
  const { store } = context
  const told = { inboundTokenRegistered: true, inboundTokenGranted: true }
  const contact = store.contacts.add(contactOf(told))
  const conversation = store.conversations.add(conversationOf(contact.id))
  const write = (envelope: Uint8Array | null) => {
    const { seq } = addMessage(store, conversation.id, { author: 'me' })
    const item = outboxItemOf(contact.id, { messageSeq: seq, envelope })
    store.outbox.add(item)
    return item
  }
  const isTold = () => store.contacts.get(contact.id)?.inboundTokenGranted
  return { context, store, contact, conversation, write, isTold }
}

test('a contact is told our token anew where what it was sealed with is deleted', () => {
  const { context, store, write, isTold } = setUp()
  const [sealed, unsealed] = [write(uniqueBytes(300)), write(null)]
  if (sealed.messageSeq === null || unsealed.messageSeq === null)
    throw new Error('both are messages')
  removeMessage(context, unsealed.messageSeq)
  expect(isTold()).toBe(true)
  removeMessage(context, sealed.messageSeq)
  expect(isTold()).toBe(false)
  expect(store.outbox.list()).toEqual([])
})

test('of a conversation that is cleared no message is sent, but what else waits is', () => {
  const { context, store, contact, conversation, write, isTold } = setUp()
  const elsewhere = store.contacts.add(contactOf())
  const others = [outboxItemOf(contact.id), outboxItemOf(elsewhere.id)]
  for (const item of others) store.outbox.add(item)
  write(null)
  write(uniqueBytes(300))
  clearConversation(context, conversation.id)
  expect(store.outbox.list()).toEqual(others)
  expect(isTold()).toBe(false)
})
