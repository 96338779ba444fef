import { expect, test } from 'vitest'
import { depositWaiting } from '#core/depositing.ts'
import type { MessageSeq } from '#core/model.ts'
import { failure } from '#shared/errors.ts'
import { err } from '#shared/result.ts'
import {
  addMessage,
  contactOf,
  conversationOf,
  outboxItemOf,
  uniqueBytes,
} from '../store/builders.ts'
import { openContext } from './open-context.ts'

/** A contact who counts as told our token, and something sealed that their relay will never take. */
function setUp(meanwhile: () => void = () => undefined) {
  const { context } = openContext({
    deposit: () => {
      meanwhile()
      return Promise.resolve(err(failure('TOO_LARGE')))
    },
  })
  const { store } = context
  const told = { inboundTokenRegistered: true, inboundTokenGranted: true }
  const contact = store.contacts.add(contactOf({ outboundToken: uniqueBytes(32), ...told }))
  const conversation = store.conversations.add(conversationOf(contact.id))
  const add = (messageSeq: MessageSeq | null) =>
    store.outbox.add(outboxItemOf(contact.id, { messageSeq, envelope: uniqueBytes(300) }))
  const write = () => {
    const { seq } = addMessage(store, conversation.id, { author: 'me' })
    add(seq)
    return () => store.messages.get(seq)?.state
  }
  const isTold = () => store.contacts.get(contact.id)?.inboundTokenGranted
  return { context, store, contact, add, write, isTold }
}

test('our token is told anew where the message that may have held it is given up', async () => {
  const { context, contact, write, isTold } = setUp()
  const state = write()
  await depositWaiting(context, contact.id)
  expect([state(), isTold()]).toEqual(['failed', false])
})

test('what is given up and held no message is not sent again and again', async () => {
  const { context, store, contact, add, isTold } = setUp()
  add(null)
  await depositWaiting(context, contact.id)
  expect([store.outbox.list(), isTold()]).toEqual([[], true])
})

test('a message refused while new keys are accepted still waits for those', async () => {
  const { context, store, contact, write } = setUp(() => {
    store.outbox.clearEnvelopes(contact.id)
    store.contacts.update(contact.id, { outboundToken: null, inboundTokenRegistered: false })
  })
  const state = write()
  await depositWaiting(context, contact.id)
  expect(state()).toBe('waiting')
  expect(store.outbox.list()).toHaveLength(1)
})
