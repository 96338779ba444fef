import { describe, expect, test } from 'vitest'
import type { ConversationId, Message } from '#core/model.ts'
import type { MessagePageQuery, Store } from '#core/ports.ts'
import { addConversation, addMessage, messageOf, uniqueBytes } from './builders.ts'
import { newStore } from './stores.ts'

function fill(store: Store, conversationId: ConversationId, count: number): Message[] {
  return Array.from({ length: count }, (_, index) =>
    addMessage(store, conversationId, { text: String(index) }),
  )
}

describe('a stored message', () => {
  test('comes back as it was, with a number', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const message = messageOf(id, {
      author: 'me',
      text: 'Grüße 🎉\0\n',
      state: 'failed',
      errorCode: 'MAILBOX_FULL',
      replyTo: { messageId: uniqueBytes(), author: 'them', excerpt: 'What?' },
      signature: 'valid',
    })
    const added = store.messages.add(message)
    expect(added).toEqual({ ...message, seq: added?.seq })
    expect(added && store.messages.get(added.seq)).toEqual(added)
    expect(store.messages.byId(id, 'me', message.id)).toEqual(added)
    expect(store.messages.byId(id, 'them', message.id)).toBeNull()
  })

  test('is stored once per conversation, author and id', () => {
    const store = newStore()
    const [one, other] = [addConversation(store), addConversation(store)]
    const message = addMessage(store, one.id, { text: 'first' })
    expect(store.messages.add({ ...message, text: 'again' })).toBeNull()
    expect(store.messages.get(message.seq)?.text).toBe('first')
    expect(store.messages.add({ ...message, author: 'me', state: 'waiting' })).not.toBeNull()
    expect(store.messages.add({ ...message, conversationId: other.id })).not.toBeNull()
  })

  test('never gets the number of one that was removed', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const last = addMessage(store, id)
    store.messages.remove(last.seq)
    expect(store.messages.get(last.seq)).toBeNull()
    expect(addMessage(store, id).seq).toBeGreaterThan(last.seq)
  })
})

describe('a page of messages', () => {
  const LIMIT = 10

  function shown(store: Store, query: Omit<MessagePageQuery, 'limit'>): [string, boolean, boolean] {
    const page = store.messages.page({ ...query, limit: LIMIT })
    const texts = page.messages.map(({ text }) => text)
    return [`${texts[0] ?? ''}-${texts.at(-1) ?? ''}`, page.hasOlder, page.hasNewer]
  }

  test('is cut out of its conversation alone, oldest first, and says what lies around it', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const other = addConversation(store)
    const all = fill(store, id, 30)
    fill(store, other.id, 30)
    const seq = (index: number): Message['seq'] => {
      const message = all[index]
      if (message === undefined) throw new RangeError('no such message')
      return message.seq
    }
    const page = (position: MessagePageQuery['position']): [string, boolean, boolean] =>
      shown(store, { conversationId: id, position })
    expect(page({ kind: 'newest' })).toEqual(['20-29', true, false])
    expect(page({ kind: 'before', seq: seq(20) })).toEqual(['10-19', true, true])
    expect(page({ kind: 'before', seq: seq(10) })).toEqual(['0-9', false, true])
    expect(page({ kind: 'after', seq: seq(9) })).toEqual(['10-19', true, true])
    expect(page({ kind: 'after', seq: seq(19) })).toEqual(['20-29', true, false])
    expect(page({ kind: 'around', seq: seq(15) })).toEqual(['10-19', true, true])
    expect(page({ kind: 'around', seq: seq(1) })).toEqual(['0-9', false, true])
    expect(page({ kind: 'around', seq: seq(29) })).toEqual(['20-29', true, false])
    expect(page({ kind: 'before', seq: seq(0) })).toEqual(['-', false, true])
    expect(page({ kind: 'after', seq: seq(29) })).toEqual(['-', true, false])
  })

  test('is empty where there is nothing', () => {
    const store = newStore()
    const { id } = addConversation(store)
    expect(shown(store, { conversationId: id, position: { kind: 'newest' } })).toEqual([
      '-',
      false,
      false,
    ])
  })

  test('walked from end to start, gives every message once', () => {
    const store = newStore()
    const { id } = addConversation(store)
    fill(store, id, 37)
    const texts: string[] = []
    let position: MessagePageQuery['position'] = { kind: 'newest' }
    for (;;) {
      const page = store.messages.page({ conversationId: id, position, limit: 7 })
      texts.unshift(...page.messages.map(({ text }) => text))
      const [oldest] = page.messages
      if (!page.hasOlder || oldest === undefined) break
      position = { kind: 'before', seq: oldest.seq }
    }
    expect(texts).toEqual(Array.from({ length: 37 }, (_, index) => String(index)))
  })

  test('has at least one message', () => {
    const store = newStore()
    const { id } = addConversation(store)
    expect(() =>
      store.messages.page({ conversationId: id, position: { kind: 'newest' }, limit: 0 }),
    ).toThrow(RangeError)
  })
})

describe('the state of a message', () => {
  test('moves forward only', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const { seq } = addMessage(store, id, { author: 'me' })
    const steps = ['sent', 'delivered', 'sent', 'failed', 'waiting', 'read', 'delivered'] as const
    const moved = steps.map((state) => store.messages.advanceState(seq, state))
    expect(moved).toEqual([true, true, false, false, false, true, false])
    expect(store.messages.get(seq)?.state).toBe('read')
  })

  test('fails with a code, is tried again, and may turn out to have arrived', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const { seq } = addMessage(store, id, { author: 'me' })
    expect(store.messages.advanceState(seq, 'failed', 'DELIVERY_REFUSED')).toBe(true)
    expect(store.messages.get(seq)).toMatchObject({
      state: 'failed',
      errorCode: 'DELIVERY_REFUSED',
    })
    store.messages.resetFailed(seq)
    expect(store.messages.get(seq)).toMatchObject({ state: 'waiting', errorCode: null })
    store.messages.advanceState(seq, 'failed', 'DELIVERY_REFUSED')
    expect(store.messages.advanceState(seq, 'delivered')).toBe(true)
    expect(store.messages.get(seq)).toMatchObject({ state: 'delivered', errorCode: null })
    store.messages.resetFailed(seq)
    expect(store.messages.get(seq)?.state).toBe('delivered')
  })

  test('of an incoming message does not move', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const { seq } = addMessage(store, id)
    expect(store.messages.advanceState(seq, 'read')).toBe(false)
    expect(store.messages.get(seq)?.state).toBe('received')
  })
})

describe('an unreadable message', () => {
  test('is replaced in its place by what was sent again', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const placeholder = addMessage(store, id, {
      kind: 'unreadable',
      text: '',
      errorCode: 'MESSAGE_UNREADABLE',
    })
    addMessage(store, id)
    const message = messageOf(id, { text: 'here it is' })
    expect(store.messages.replaceUnreadable(placeholder.seq, message)).toEqual({
      ...message,
      seq: placeholder.seq,
    })
    expect([...store.messages.iterate(id)].map(({ text }) => text)).toEqual(['here it is', 'Hello'])
    expect(() => store.messages.replaceUnreadable(placeholder.seq, message)).toThrow(RangeError)
  })

  test('is not replaced by a message of somebody else', () => {
    const store = newStore()
    const [one, other] = [addConversation(store), addConversation(store)]
    const { seq } = addMessage(store, one.id, { kind: 'unreadable', text: '' })
    expect(() => store.messages.replaceUnreadable(seq, messageOf(other.id))).toThrow(RangeError)
    expect(store.messages.get(seq)?.kind).toBe('unreadable')
  })
})

describe('unread messages', () => {
  test('are those of the other side after the last one read', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const unread = (): number | undefined => store.conversations.row(id)?.unreadCount
    const first = addMessage(store, id)
    addMessage(store, id, { author: 'me' })
    addMessage(store, id, { kind: 'notice', text: 'verified' })
    const second = addMessage(store, id, { kind: 'unreadable', text: '' })
    const third = addMessage(store, id)
    expect([unread(), store.conversations.totalUnread()]).toEqual([3, 3])
    expect(store.messages.firstUnread(id)).toBe(first.seq)
    store.conversations.update(id, { readUpTo: first.seq })
    expect([unread(), store.messages.firstUnread(id)]).toEqual([2, second.seq])
    store.messages.remove(second.seq)
    expect([unread(), store.messages.firstUnread(id)]).toEqual([1, third.seq])
    store.messages.remove(first.seq)
    expect(unread()).toBe(1)
    store.conversations.update(id, { readUpTo: third.seq })
    expect([unread(), store.messages.firstUnread(id)]).toEqual([0, null])
    addMessage(store, id)
    expect(unread()).toBe(1)
    store.messages.removeAll(id)
    expect([unread(), store.conversations.totalUnread()]).toEqual([0, 0])
  })

  test('are named by id for receipts', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const messages = fill(store, id, 5)
    addMessage(store, id, { author: 'me' })
    addMessage(store, id, { kind: 'notice', text: 'verified' })
    const [, second, , , last] = messages
    if (second === undefined || last === undefined) throw new RangeError('five messages')
    const ids = messages.map((message) => message.id)
    expect(store.messages.idsOfTheirs(id, null, last.seq)).toEqual(ids)
    expect(store.messages.idsOfTheirs(id, second.seq, last.seq)).toEqual(ids.slice(2))
  })
})

describe('removing all messages', () => {
  test('empties one conversation and keeps it', () => {
    const store = newStore()
    const [one, other] = [addConversation(store), addConversation(store)]
    fill(store, one.id, 1234)
    fill(store, other.id, 3)
    expect([...store.messages.iterate(one.id)]).toHaveLength(1234)
    store.messages.removeAll(one.id)
    expect([...store.messages.iterate(one.id)]).toEqual([])
    expect(store.conversations.row(one.id)).toMatchObject({ lastMessage: null, unreadCount: 0 })
    expect([...store.messages.iterate(other.id)]).toHaveLength(3)
  })
})
