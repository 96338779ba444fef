import type { Store } from '#core/ports.ts'
import {
  address,
  contactOf,
  conversationOf,
  messageOf,
  outboxItemOf,
  sessionOf,
} from './builders.ts'

// The fixture databases (test/fixtures/store/vN.db) are never changed: each was written by the version it is named
// after, by `node test/unit/store/write-fixture.ts`, and shows that today's code still reads it.

export const FIXTURE_KEY = new Uint8Array(32).fill(0x5f)

/** Bytes that are the same in every run. */
function fixed(value: number, length = 16): Uint8Array {
  return new Uint8Array(length).fill(value)
}

/** Fills a new store with one of everything. */
export function fillFixture(store: Store): void {
  store.account.save({
    address: address('ada@relay.example'),
    deviceId: 1,
    displayName: 'Ada',
    signingKey: fixed(1, 65),
    agreementKey: fixed(2, 65),
    deviceCertificate: fixed(3, 100),
    createdAtMs: 1000,
    registered: true,
    relayCursor: 42,
  })
  store.settings.set('theme', 'dark')
  store.prekeys.add([
    {
      kind: 'signed',
      id: 1,
      privateKey: fixed(4, 32),
      publicKey: fixed(5, 65),
      signature: fixed(6, 64),
      createdAtMs: 1000,
      retiredAtMs: null,
    },
  ])
  const contact = store.contacts.add(
    contactOf({
      address: address('ben@relay.example'),
      signingKey: fixed(7, 65),
      inboundToken: fixed(8, 32),
      inboundLabel: fixed(9),
    }),
  )
  const { id } = store.conversations.add(conversationOf(contact.id, { pinned: true }))
  store.messages.add(messageOf(id, { id: fixed(10), text: 'Good morning, Ada' }))
  const reply = store.messages.add(
    messageOf(id, {
      id: fixed(11),
      author: 'me',
      state: 'delivered',
      text: 'Guten Morgen, 日本',
      replyTo: { messageId: fixed(10), author: 'them', excerpt: 'Good morning' },
    }),
  )
  if (reply === null) throw new RangeError('a new store holds no message')
  store.traces.add({
    envelopeId: fixed(12),
    messageSeq: reply.seq,
    direction: 'out',
    label: null,
    envelope: fixed(13, 300),
    messageKey: fixed(14, 32),
    position: '{}',
    relayedAtMs: 5,
  })
  store.sessions.save(sessionOf(contact.id, { id: fixed(15, 32), state: fixed(16, 200) }))
  store.sessions.rememberHandshake(fixed(17, 32), contact.id, 1, 7)
  store.outbox.add(
    outboxItemOf(contact.id, { envelopeId: fixed(18), messageSeq: reply.seq, content: fixed(19) }),
  )
  store.inbox.markSeen(fixed(20), 8, true)
  store.invites.add({
    label: fixed(21),
    token: fixed(22, 32),
    createdAtMs: 9,
    expiresAtMs: 10,
    registered: true,
    usedBy: contact.id,
  })
}

/** What a user would notice missing, in plain values. */
export function snapshotOf(store: Store): unknown {
  const [row] = store.conversations.rows()
  if (row === undefined) return null
  const { contact, conversation } = row
  const reply = store.messages.byId(conversation.id, 'me', fixed(11))
  const search = (text: string): string[] =>
    store.messages
      .search({ text, conversationId: conversation.id, beforeSeq: null, limit: 9 })
      .map(({ message }) => message.text)
  return {
    account: [store.account.get()?.address, store.account.get()?.relayCursor],
    theme: store.settings.get('theme'),
    prekeys: [store.prekeys.list('signed').length, store.prekeys.highestId('signed')],
    contact: [contact.address, contact.displayName, contact.relation],
    conversation: [conversation.pinned, row.unreadCount, row.lastMessage?.text],
    messages: [...store.messages.iterate(conversation.id)].map(({ author, text, state }) => [
      author,
      text,
      state,
    ]),
    reply: reply?.replyTo?.excerpt,
    search: [search('morn'), search('日本')],
    trace: reply && store.traces.byMessage(reply.seq)?.envelope?.length,
    session: store.sessions.current(contact.id, 1)?.state.length,
    handshake: store.sessions.knowsHandshake(fixed(17, 32)),
    outbox: store.outbox.list().map(({ content }) => content.length),
    seen: store.inbox.seen(fixed(20)),
    invite: store.invites.byLabel(fixed(21))?.usedBy === contact.id,
  }
}

export const FIXTURE_SNAPSHOT = {
  account: ['ada@relay.example', 42],
  theme: 'dark',
  prekeys: [1, 1],
  contact: ['ben@relay.example', 'Ben', 'accepted'],
  conversation: [true, 1, 'Guten Morgen, 日本'],
  messages: [
    ['them', 'Good morning, Ada', 'received'],
    ['me', 'Guten Morgen, 日本', 'delivered'],
  ],
  reply: 'Good morning',
  search: [['Good morning, Ada'], ['Guten Morgen, 日本']],
  trace: 300,
  session: 200,
  handshake: true,
  outbox: [16],
  seen: true,
  invite: true,
}
