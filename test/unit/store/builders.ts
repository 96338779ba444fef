import type { Contact, Conversation, Message, OutboxItem, StoredSession } from '#core/model.ts'
import type { Store } from '#core/ports.ts'
import { parseAddress, type Address } from '#protocol/address.ts'

let ids = 0

/** Bytes that differ from call to call, of one length. */
export function uniqueBytes(length = 16): Uint8Array {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, ++ids)
  return bytes
}

export function address(text: string): Address {
  const parsed = parseAddress(text)
  if (parsed === null) throw new RangeError('not an address')
  return parsed
}

export function contactOf(change: Partial<Omit<Contact, 'id'>> = {}): Omit<Contact, 'id'> {
  return {
    address: address(`user${String(++ids)}@relay.example`),
    displayName: 'Ben',
    petname: '',
    signingKey: uniqueBytes(65),
    relation: 'accepted',
    verifiedAtMs: null,
    changedSigningKey: null,
    outboundToken: null,
    outboundTokenKind: null,
    inboundToken: uniqueBytes(32),
    inboundLabel: uniqueBytes(),
    inboundTokenRegistered: false,
    inboundTokenGranted: false,
    knocked: false,
    createdAtMs: 1000,
    ...change,
  }
}

export function conversationOf(
  contactId: Contact['id'],
  change: Partial<Omit<Conversation, 'id'>> = {},
): Omit<Conversation, 'id'> {
  return {
    contactId,
    createdAtMs: 1000,
    pinned: false,
    mutedUntilMs: 0,
    archived: false,
    markedUnread: false,
    draft: '',
    signedMessages: false,
    readUpTo: null,
    ...change,
  }
}

/** A contact with its conversation. */
export function addConversation(
  store: Store,
  change: Partial<Omit<Conversation, 'id'>> = {},
): Conversation {
  const contact = store.contacts.add(contactOf())
  return store.conversations.add(conversationOf(contact.id, change))
}

export function messageOf(
  conversationId: Conversation['id'],
  change: Partial<Omit<Message, 'seq'>> = {},
): Omit<Message, 'seq'> {
  const author = change.author ?? 'them'
  return {
    conversationId,
    id: uniqueBytes(),
    author,
    kind: 'text',
    text: 'Hello',
    sentAtMs: 2000,
    storedAtMs: 2001,
    state: author === 'me' ? 'waiting' : 'received',
    errorCode: null,
    replyTo: null,
    signature: 'none',
    ...change,
  }
}

/** Stores a message that is not there yet. */
export function addMessage(
  store: Store,
  conversationId: Conversation['id'],
  change: Partial<Omit<Message, 'seq'>> = {},
): Message {
  const message = store.messages.add(messageOf(conversationId, change))
  if (message === null) throw new RangeError('this message is there already')
  return message
}

export function outboxItemOf(
  contactId: Contact['id'],
  change: Partial<OutboxItem> = {},
): OutboxItem {
  return {
    envelopeId: uniqueBytes(),
    contactId,
    deviceId: 1,
    messageSeq: null,
    content: uniqueBytes(40),
    envelope: null,
    awaitsReceipt: false,
    createdAtMs: 3000,
    ...change,
  }
}

export function sessionOf(
  contactId: Contact['id'],
  change: Partial<StoredSession> = {},
): StoredSession {
  return {
    id: uniqueBytes(32),
    contactId,
    deviceId: 1,
    state: uniqueBytes(500),
    createdAtMs: 1,
    lastUsedAtMs: 1,
    current: true,
    ...change,
  }
}
