import { describe, expect, test } from 'vitest'
import type {
  Account,
  Contact,
  EnvelopeTrace,
  HeldEnvelope,
  StoredPrekey,
  UnconfirmedEnvelope,
} from '#core/model.ts'
import type { RelayLog } from '#core/relay-log-ports.ts'
import { StoreError } from '#store/store-error.ts'
import {
  addConversation,
  addMessage,
  address,
  contactOf,
  conversationOf,
  outboxItemOf,
  sessionOf,
  uniqueBytes,
} from './builders.ts'
import { newStore } from './stores.ts'

describe('the account', () => {
  test('is none, then the one that was saved', () => {
    const store = newStore()
    expect(store.account.get()).toBeNull()
    const account: Account = {
      address: address('ada@relay.example'),
      deviceId: 1,
      displayName: 'Ada',
      signingKey: uniqueBytes(65),
      agreementKey: uniqueBytes(65),
      deviceCertificate: uniqueBytes(200),
      createdAtMs: 1,
      registered: false,
      relayCursor: 0,
    }
    store.account.save(account)
    store.account.save({ ...account, registered: true })
    store.account.setCursor(2 ** 40)
    expect(store.account.get()).toEqual({ ...account, registered: true, relayCursor: 2 ** 40 })
  })
})

describe('settings', () => {
  test('are JSON values by name', () => {
    const store = newStore()
    expect(store.settings.get('theme')).toBeUndefined()
    for (const value of ['dark', 0, null, false, { nested: ['list'] }]) {
      store.settings.set('theme', value)
      expect(store.settings.get('theme')).toEqual(value)
    }
    expect(() => {
      store.settings.set('theme', undefined)
    }).toThrow(TypeError)
  })
})

describe('prekeys', () => {
  const prekey = (kind: StoredPrekey['kind'], id: number, createdAtMs = id): StoredPrekey => ({
    kind,
    id,
    privateKey: uniqueBytes(64),
    publicKey: uniqueBytes(1184),
    signature: new Uint8Array(0),
    createdAtMs,
    retiredAtMs: null,
  })

  test('are kept by kind, oldest first', () => {
    const store = newStore()
    const [first, second, other] = [
      prekey('signed', 2, 1),
      prekey('signed', 1, 2),
      prekey('kem-one-time', 1),
    ]
    store.prekeys.add([second, first, other])
    expect(store.prekeys.list('signed')).toEqual([first, second])
    store.prekeys.retire('signed', 2, 99)
    expect(store.prekeys.get('signed', 2)).toEqual({ ...first, retiredAtMs: 99 })
    expect(store.prekeys.get('one-time', 1)).toBeNull()
  })

  test('never use an id twice', () => {
    const store = newStore()
    expect(store.prekeys.highestId('one-time')).toBe(0)
    store.prekeys.add([prekey('one-time', 1), prekey('one-time', 2)])
    store.prekeys.remove('one-time', 2)
    expect(store.prekeys.get('one-time', 2)).toBeNull()
    expect(store.prekeys.highestId('one-time')).toBe(2)
  })

  test('are added all or none', () => {
    const store = newStore()
    store.prekeys.add([prekey('signed', 2)])
    expect(() => {
      store.prekeys.add([prekey('signed', 1), prekey('signed', 2)])
    }).toThrow(StoreError)
    expect(store.prekeys.get('signed', 1)).toBeNull()
  })
})

describe('contacts', () => {
  test('are found by address and label, and changed', () => {
    const store = newStore()
    const contact = store.contacts.add(
      contactOf({
        verifiedAtMs: 5,
        changedSigningKey: uniqueBytes(65),
        outboundToken: uniqueBytes(32),
        outboundTokenKind: 'invite',
      }),
    )
    store.contacts.add(contactOf())
    expect(store.contacts.get(contact.id)).toEqual(contact)
    expect(store.contacts.byAddress(contact.address)).toEqual(contact)
    expect(store.contacts.byInboundLabel(contact.inboundLabel)).toEqual(contact)
    expect(store.contacts.byInboundLabel(uniqueBytes())).toBeNull()
    const changed = store.contacts.update(contact.id, {
      petname: 'Benny',
      relation: 'blocked',
      changedSigningKey: null,
      knocked: true,
    })
    expect(changed).toEqual({
      ...contact,
      petname: 'Benny',
      relation: 'blocked',
      changedSigningKey: null,
      knocked: true,
    })
    expect(store.contacts.get(contact.id)).toEqual(changed)
    expect(store.contacts.list()).toHaveLength(2)
  })

  test('have each address once', () => {
    const store = newStore()
    const contact = store.contacts.add(contactOf())
    expect(() => store.contacts.add(contactOf({ address: contact.address }))).toThrow(StoreError)
  })

  test('go with all that is theirs', () => {
    const store = newStore()
    const conversation = addConversation(store)
    const { contactId } = conversation
    const kept = addConversation(store)
    const message = addMessage(store, conversation.id, { text: 'farewell' })
    addMessage(store, kept.id, { text: 'farewell too' })
    store.sessions.save(sessionOf(contactId))
    store.outbox.add(outboxItemOf(contactId, { messageSeq: message.seq }))
    store.contacts.remove(contactId)
    expect(store.contacts.get(contactId)).toBeNull()
    expect(store.conversations.get(conversation.id)).toBeNull()
    expect(store.messages.get(message.seq)).toBeNull()
    expect(store.sessions.list(contactId)).toEqual([])
    expect(store.outbox.count()).toBe(0)
    const hits = store.messages.search({
      text: 'farewell',
      conversationId: null,
      beforeSeq: null,
      limit: 9,
    })
    expect(hits.map(({ message: { text } }) => text)).toEqual(['farewell too'])
  })
})

describe('invites', () => {
  test('are found by label, used, and removed', () => {
    const store = newStore()
    const contact = store.contacts.add(contactOf())
    const invite = {
      label: uniqueBytes(),
      token: uniqueBytes(32),
      createdAtMs: 1,
      expiresAtMs: 2,
      registered: false,
      usedBy: null,
    }
    store.invites.add(invite)
    store.invites.update(invite.label, { registered: true })
    store.invites.update(invite.label, { usedBy: contact.id })
    expect(store.invites.byLabel(invite.label)).toEqual({
      ...invite,
      registered: true,
      usedBy: contact.id,
    })
    store.contacts.remove(contact.id)
    expect(store.invites.list()).toEqual([{ ...invite, registered: true }])
    store.invites.remove(invite.label)
    expect(store.invites.byLabel(invite.label)).toBeNull()
  })
})

describe('sessions', () => {
  test('have one that is current for each device', () => {
    const store = newStore()
    const { id: contactId } = store.contacts.add(contactOf())
    const old = sessionOf(contactId, { lastUsedAtMs: 1 })
    const fresh = sessionOf(contactId, { lastUsedAtMs: 2 })
    const otherDevice = sessionOf(contactId, { deviceId: 2, lastUsedAtMs: 3 })
    store.sessions.save(old)
    store.sessions.save(otherDevice)
    store.sessions.save(fresh)
    expect(store.sessions.current(contactId, 1)).toEqual(fresh)
    expect(store.sessions.current(contactId, 2)).toEqual(otherDevice)
    expect(store.sessions.list(contactId)).toEqual([otherDevice, fresh, { ...old, current: false }])
    const advanced = { ...fresh, state: uniqueBytes(900), lastUsedAtMs: 9 }
    store.sessions.save(advanced)
    expect(store.sessions.get(fresh.id)).toEqual(advanced)
    store.sessions.remove(fresh.id)
    expect(store.sessions.current(contactId, 1)).toBeNull()
    store.sessions.removeAll(contactId)
    expect(store.sessions.list(contactId)).toEqual([])
  })

  test('remember handshakes while their signed prekey lives', () => {
    const store = newStore()
    const [one, two] = [uniqueBytes(32), uniqueBytes(32)]
    const { contactId } = addConversation(store)
    store.sessions.rememberHandshake(one, contactId, 1, 0)
    store.sessions.rememberHandshake(one, contactId, 1, 0)
    store.sessions.rememberHandshake(two, contactId, 2, 0)
    expect(store.sessions.contactOfHandshake(two)).toBe(contactId)
    expect(store.sessions.contactOfHandshake(uniqueBytes(32))).toBeNull()
    store.sessions.forgetHandshakes(1)
    expect([store.sessions.knowsHandshake(one), store.sessions.knowsHandshake(two)]).toEqual([
      false,
      true,
    ])
    store.contacts.remove(contactId)
    expect(store.sessions.knowsHandshake(two)).toBe(true)
    expect(store.sessions.contactOfHandshake(two)).toBeNull()
  })
})

describe('conversations', () => {
  test('are changed, and found by contact', () => {
    const store = newStore()
    const conversation = addConversation(store)
    const changed = store.conversations.update(conversation.id, {
      draft: 'half a',
      mutedUntilMs: Number.MAX_SAFE_INTEGER,
      markedUnread: true,
      signedMessages: true,
    })
    expect(store.conversations.byContact(conversation.contactId)).toEqual(changed)
    expect(changed).toMatchObject({ draft: 'half a', mutedUntilMs: Number.MAX_SAFE_INTEGER })
    expect(() => store.conversations.update(999 as typeof conversation.id, {})).toThrow(RangeError)
  })

  test('are listed pinned first, then by what happened last', () => {
    const store = newStore()
    const quiet = addConversation(store, { createdAtMs: 5000 })
    const busy = addConversation(store, { createdAtMs: 1 })
    const pinned = addConversation(store, { createdAtMs: 1, pinned: true })
    const empty = addConversation(store, { createdAtMs: 2 })
    addMessage(store, busy.id, { storedAtMs: 6000 })
    const last = addMessage(store, busy.id, { storedAtMs: 7000, text: 'last' })
    const rows = store.conversations.rows()
    expect(rows.map(({ conversation }) => conversation.id)).toEqual(
      [pinned, busy, quiet, empty].map(({ id }) => id),
    )
    expect(rows[1]).toEqual({
      conversation: busy,
      contact: store.contacts.get(busy.contactId),
      lastMessage: last,
      unreadCount: 2,
    })
    store.messages.remove(last.seq)
    expect(store.conversations.row(busy.id)?.lastMessage?.storedAtMs).toBe(6000)
    expect(store.conversations.row(empty.id)?.lastMessage).toBeNull()
  })

  test('belong to one contact each', () => {
    const store = newStore()
    const { contactId } = addConversation(store)
    expect(() => store.conversations.add(conversationOf(contactId))).toThrow(StoreError)
  })
})

describe('traces', () => {
  const traceOf = (
    messageSeq: EnvelopeTrace['messageSeq'],
    change: Partial<EnvelopeTrace> = {},
  ): EnvelopeTrace => ({
    envelopeId: uniqueBytes(),
    messageSeq,
    direction: 'out',
    label: null,
    envelope: uniqueBytes(400),
    messageKey: uniqueBytes(32),
    position: '{"chain":1}',
    relayedAtMs: 0,
    ...change,
  })

  test('show the newest of a message, and go with it', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const { seq } = addMessage(store, id)
    const [first, again] = [traceOf(seq), traceOf(seq)]
    store.traces.add(first)
    store.traces.add(again)
    store.traces.setRelayedAt(first.envelopeId, 77)
    expect(store.traces.byMessage(seq)).toEqual(again)
    expect(store.traces.byEnvelope(first.envelopeId)).toEqual({ ...first, relayedAtMs: 77 })
    store.messages.remove(seq)
    expect(store.traces.byEnvelope(first.envelopeId)).toBeNull()
  })

  test('of ours are not displaced by an envelope that comes with the same id', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const ours = traceOf(addMessage(store, id, { author: 'me' }).seq)
    const theirs = traceOf(addMessage(store, id).seq, {
      envelopeId: ours.envelopeId,
      direction: 'in',
      label: uniqueBytes(),
    })
    store.traces.add(ours)
    store.traces.add(theirs)
    expect(store.traces.byEnvelope(ours.envelopeId)).toEqual(ours)
    expect(store.traces.byMessage(theirs.messageSeq)).toEqual(theirs)
  })

  test('of what was sent in a conversation are found by their ids no more once those are forgotten', () => {
    const store = newStore()
    const [one, other] = [addConversation(store), addConversation(store)]
    const sent = traceOf(addMessage(store, one.id, { author: 'me' }).seq)
    const received = traceOf(addMessage(store, one.id).seq, { direction: 'in' })
    const elsewhere = traceOf(addMessage(store, other.id, { author: 'me' }).seq)
    for (const trace of [sent, received, elsewhere]) store.traces.add(trace)
    store.traces.forgetIds(one.id)
    expect(store.traces.byEnvelope(sent.envelopeId)).toBeNull()
    const left = store.traces.byMessage(sent.messageSeq)
    expect(left).toEqual({ ...sent, envelopeId: left?.envelopeId })
    expect(store.traces.byEnvelope(received.envelopeId)).toEqual(received)
    expect(store.traces.byEnvelope(elsewhere.envelopeId)).toEqual(elsewhere)
  })

  test('lose bytes and keys, not ids, with age', () => {
    const store = newStore()
    const { id } = addConversation(store)
    const traces = Array.from({ length: 5 }, () => traceOf(addMessage(store, id).seq))
    for (const trace of traces) store.traces.add(trace)
    store.traces.prune(2)
    store.traces.prune(9)
    const left = traces.map(({ envelopeId }) => store.traces.byEnvelope(envelopeId))
    expect(left.map((trace) => trace?.envelope !== null && trace?.messageKey !== null)).toEqual([
      false,
      false,
      false,
      true,
      true,
    ])
    expect(left.every((trace) => trace !== null)).toBe(true)
  })
})

describe('the outbox', () => {
  test('gives the oldest item of each contact', () => {
    const store = newStore()
    const [ada, ben] = [addConversation(store), addConversation(store)]
    const message = addMessage(store, ada.id, { author: 'me' })
    const first = outboxItemOf(ben.contactId)
    const second = outboxItemOf(ada.contactId, { messageSeq: message.seq })
    const third = outboxItemOf(ben.contactId)
    for (const item of [first, second, third]) store.outbox.add(item)
    expect(store.outbox.contactsWaiting()).toEqual([ben.contactId, ada.contactId])
    expect(store.outbox.list()).toEqual([first, second, third])
    expect(store.outbox.byMessage(message.seq)).toEqual([second])
    expect(store.outbox.next(ben.contactId)).toEqual(first)
    store.outbox.remove(first.envelopeId)
    expect(store.outbox.next(ben.contactId)).toEqual(third)
    store.outbox.setEnvelope(third.envelopeId, first.content, true)
    expect(store.outbox.get(third.envelopeId)).toEqual({
      ...third,
      envelope: first.content,
      awaitsReceipt: true,
    })
    store.outbox.setReceipted(third.envelopeId)
    store.outbox.clearEnvelopes(ben.contactId)
    expect(store.outbox.get(third.envelopeId)).toBeNull()
    const cleared = store.outbox.next(ben.contactId)
    expect(cleared).toEqual({ ...third, envelopeId: cleared?.envelopeId })
    expect(cleared?.envelopeId).toHaveLength(16)
    // Only messages count.
    expect(store.outbox.count()).toBe(1)
    store.messages.remove(message.seq)
    expect(store.outbox.get(second.envelopeId)).toEqual({ ...second, messageSeq: null })
    store.outbox.removeForContact(ada.contactId)
    expect([store.outbox.count(), store.outbox.next(ada.contactId)]).toEqual([0, null])
  })
})

describe('what is not confirmed', () => {
  const kept = (contactId: Contact['id'], change: Partial<UnconfirmedEnvelope> = {}) => ({
    envelopeId: uniqueBytes(),
    hash: uniqueBytes(),
    contactId,
    deviceId: 1,
    messageSeq: null,
    content: uniqueBytes(40),
    envelope: uniqueBytes(300),
    depositedAtMs: 1_000,
    repeats: 0,
    dueAtMs: 2_000,
    overdue: false,
    ...change,
  })

  test('is due in the order of its deposits, and sooner where it is hastened', () => {
    const store = newStore()
    const [ada, ben] = [addConversation(store), addConversation(store)]
    const [first, second, third] = [
      kept(ben.contactId, { dueAtMs: 3_000 }),
      kept(ada.contactId),
      kept(ben.contactId, { dueAtMs: 9_000 }),
    ]
    expect(store.unconfirmed.nextDueMs()).toBeNull()
    for (const each of [first, second, third]) store.unconfirmed.add(each)
    expect(store.unconfirmed.nextDueMs()).toBe(2_000)
    expect(store.unconfirmed.due(3_000, 10)).toEqual([first, second])
    expect(store.unconfirmed.due(3_000, 1)).toEqual([first])
    store.unconfirmed.hasten(ben.contactId, 4_000)
    expect(store.unconfirmed.due(4_000, 10)).toEqual([first, second, { ...third, dueAtMs: 4_000 }])
  })

  test('is found by its hash, under whatever id it goes, by its own contact alone', () => {
    const store = newStore()
    const [ada, ben] = [addConversation(store), addConversation(store)]
    const one = kept(ben.contactId)
    store.unconfirmed.add(one)
    store.unconfirmed.markOverdue(ben.contactId)
    const change = { envelopeId: uniqueBytes(), repeats: 1, dueAtMs: 7_000 }
    store.unconfirmed.update(one.envelopeId, change)
    const renamed = { ...one, ...change, overdue: true }
    expect(store.unconfirmed.byHash(ben.contactId, one.hash)).toEqual(renamed)
    expect(store.unconfirmed.byHash(ada.contactId, one.hash)).toBeNull()
    expect(store.unconfirmed.get(one.envelopeId)).toBeNull()
    expect(() => store.unconfirmed.update(one.envelopeId, change)).toThrow(RangeError)
    store.unconfirmed.remove(renamed.envelopeId)
    expect(store.unconfirmed.get(renamed.envelopeId)).toBeNull()
  })

  test('goes with a receipt for its message or with its contact, and outlives the message', () => {
    const store = newStore()
    const { id, contactId } = addConversation(store)
    const [confirmed, deleted] = [addMessage(store, id), addMessage(store, id)]
    const rest = kept(contactId, { messageSeq: deleted.seq })
    store.unconfirmed.add(kept(contactId, { messageSeq: confirmed.seq }))
    store.unconfirmed.add(rest)
    store.unconfirmed.removeForMessage(confirmed.seq)
    store.messages.remove(deleted.seq)
    expect(store.unconfirmed.due(Infinity, 10)).toEqual([{ ...rest, messageSeq: null }])
    store.unconfirmed.removeForContact(contactId)
    expect(store.unconfirmed.nextDueMs()).toBeNull()
  })

  test('is bounded in time and size, the oldest going first', () => {
    const store = newStore()
    const { contactId } = addConversation(store)
    const [old, middle, fresh] = [1, 2, 3].map((at) => kept(contactId, { depositedAtMs: at }))
    for (const each of [old, middle, fresh]) if (each) store.unconfirmed.add(each)
    store.unconfirmed.prune(2, 10_000)
    expect(store.unconfirmed.due(Infinity, 10)).toEqual([middle, fresh])
    store.unconfirmed.prune(0, 400)
    expect(store.unconfirmed.due(Infinity, 10)).toEqual([fresh])
  })
})

describe('the inbox', () => {
  test('knows what it has seen, for a time', () => {
    const store = newStore()
    const [old, fresh] = [uniqueBytes(), uniqueBytes()]
    store.inbox.markSeen(old, 10, false)
    store.inbox.markSeen(fresh, 20, false)
    expect(store.inbox.owesReceipt(fresh)).toBe(false)
    store.inbox.markSeen(fresh, 5, true)
    expect([store.inbox.owesReceipt(old), store.inbox.owesReceipt(fresh)]).toEqual([false, true])
    expect([
      store.inbox.seen(old),
      store.inbox.seen(fresh),
      store.inbox.seen(uniqueBytes()),
    ]).toEqual([true, true, false])
    store.inbox.forgetSeenBefore(20)
    expect([store.inbox.seen(old), store.inbox.seen(fresh)]).toEqual([false, true])
    store.inbox.forgetSeen(fresh)
    expect(store.inbox.seen(fresh)).toBe(false)
  })

  test('holds envelopes until they are released', () => {
    const store = newStore()
    const { id, contactId } = addConversation(store)
    const placeholder = addMessage(store, id, { kind: 'unreadable', text: '' })
    const heldOf = (change: Partial<HeldEnvelope>): HeldEnvelope => ({
      envelopeId: uniqueBytes(),
      label: uniqueBytes(),
      envelope: uniqueBytes(300),
      receivedAtMs: 2,
      relayedAtMs: 1,
      status: 'failed',
      errorCode: 'MESSAGE_UNREADABLE',
      contactId,
      messageSeq: placeholder.seq,
      ...change,
    })
    const failed = heldOf({})
    const pending = heldOf({
      status: 'pending',
      errorCode: null,
      contactId: null,
      messageSeq: null,
    })
    store.inbox.hold(failed)
    store.inbox.hold(pending)
    expect(store.inbox.held(failed.envelopeId)).toEqual(failed)
    expect(store.inbox.listHeld('failed')).toEqual([failed])
    expect(store.inbox.listHeld('pending', contactId)).toEqual([])
    store.inbox.updateHeld(pending.envelopeId, { contactId })
    expect(store.inbox.listHeld('pending', contactId)).toEqual([{ ...pending, contactId }])
    store.messages.remove(placeholder.seq)
    expect(store.inbox.held(failed.envelopeId)?.messageSeq).toBeNull()
    store.inbox.release(failed.envelopeId)
    expect(store.inbox.held(failed.envelopeId)).toBeNull()
  })
})

describe('logs of relays', () => {
  const bytesOf = (length: number): Uint8Array => uniqueBytes(length)
  const log = (host: string): RelayLog => ({
    host,
    key: bytesOf(65),
    checkpoint: bytesOf(113),
    distrust: null,
  })

  test('are kept by host, with why one is not trusted', () => {
    const { relayLogs } = newStore()
    expect(relayLogs.get('one.example')).toBeNull()
    const one = log('one.example')
    relayLogs.save(log('two.example'))
    relayLogs.save(log('one.example'))
    relayLogs.save(one)
    expect(relayLogs.get('one.example')).toEqual(one)
    const distrusted: RelayLog = {
      ...one,
      distrust: {
        reason: 'split-view',
        atMs: 7,
        evidence: { known: { key: bytesOf(65), checkpoint: bytesOf(113) }, seen: null },
      },
    }
    relayLogs.save(distrusted)
    expect(relayLogs.list()).toEqual([distrusted, relayLogs.get('two.example')])
  })

  test('what they said about names is followed, and forgotten with the host', () => {
    const store = newStore()
    const { relayLogs } = store
    const names = ['ada@one.example', 'ben@one.example', 'ada@one.example:8443'].map(address)
    for (const [size, name] of names.entries()) {
      relayLogs.follow({ address: name, size, head: { count: 1, value: bytesOf(32) } })
    }
    const [ada, ben, elsewhere] = names
    if (!ada || !ben || !elsewhere) throw new RangeError('no names')
    const later = { address: ada, size: 9, head: { count: 2, value: bytesOf(32) } }
    relayLogs.follow(later)
    expect(relayLogs.followed(ada)).toEqual(later)
    relayLogs.unfollow(ben)
    expect(relayLogs.followed(ben)).toBeNull()

    const contact = store.contacts.add(contactOf())
    const claim = { contactId: contact.id, host: 'one.example', ...headOf() }
    relayLogs.addClaim({ ...claim, ...headOf() })
    relayLogs.addClaim(claim)
    relayLogs.setTold(contact.id, 'one.example', claim.checkpoint)
    expect(relayLogs.listClaims()).toEqual([claim])
    expect(relayLogs.told(contact.id, 'one.example')).toEqual(claim.checkpoint)
    relayLogs.save(log('one.example'))
    relayLogs.forget('one.example')
    expect(relayLogs.get('one.example')).toBeNull()
    expect(relayLogs.listFollowed().map((each) => each.address)).toEqual([elsewhere])
    expect([relayLogs.listClaims(), relayLogs.told(contact.id, 'one.example')]).toEqual([[], null])

    relayLogs.addClaim(claim)
    relayLogs.removeClaim(contact.id, 'one.example')
    expect(relayLogs.listClaims()).toEqual([])
    relayLogs.addClaim(claim)
    store.contacts.remove(contact.id)
    expect(relayLogs.listClaims()).toEqual([])
  })

  test('our own device list is kept', () => {
    const { relayLogs } = newStore()
    expect(relayLogs.ownList()).toBeNull()
    relayLogs.saveOwnList({ version: 1, bytes: bytesOf(200) })
    const list = { version: 2, bytes: bytesOf(200) }
    relayLogs.saveOwnList(list)
    expect(relayLogs.ownList()).toEqual(list)
  })

  function headOf() {
    return { key: bytesOf(65), checkpoint: bytesOf(113) }
  }
})
