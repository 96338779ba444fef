import { encodeHex } from '#shared/bytes.ts'
import type { AccountView, ContactView, ConversationView, MessageView } from '#shared/views.ts'
import { NoticeTypeView } from '#shared/views.ts'
import { storedSigningKey } from './device-keys.ts'
import { fingerprint } from '#crypto/identity.ts'
import { nameOf } from '#protocol/address.ts'
import { mixesAlphabets } from '#protocol/display-names.ts'
import * as v from 'valibot'
import type {
  Account,
  Contact,
  ConversationId,
  ConversationRow,
  Message,
  NoticeType,
} from './model.ts'
import type { Store } from './ports.ts'

/**
 * What to call a contact: our name for them, else theirs, else the name in their address. A name of theirs that may pose
 * as another stands with the address.
 */
export function titleOf(contact: Contact): string {
  const { petname, displayName, address } = contact
  if (petname !== '') return petname
  if (displayName === '') return nameOf(address)
  return mixesAlphabets(displayName) ? `${displayName} · ${address}` : displayName
}

export function accountView(account: Account): AccountView {
  return {
    address: account.address,
    displayName: account.displayName,
    fingerprint: encodeHex(fingerprint(storedSigningKey(account.signingKey))),
    createdAtMs: account.createdAtMs,
    registered: account.registered,
  }
}

export function contactView(contact: Contact, conversationId: ConversationId): ContactView {
  return {
    id: contact.id,
    conversationId,
    address: contact.address,
    title: titleOf(contact),
    displayName: contact.displayName,
    petname: contact.petname,
    fingerprint: encodeHex(fingerprint(storedSigningKey(contact.signingKey))),
    relation: contact.relation,
    verifiedAtMs: contact.verifiedAtMs,
    identityChanged: contact.changedSigningKey !== null,
    createdAtMs: contact.createdAtMs,
  }
}

/** Looks up the message answered, so that the page can jump to it. */
export function messageView(store: Store, message: Message): MessageView {
  const { replyTo } = message
  const original = replyTo
    ? store.messages.byId(message.conversationId, replyTo.author, replyTo.messageId)
    : null
  return {
    seq: message.seq,
    conversationId: message.conversationId,
    author: message.author,
    kind: message.kind,
    text: message.kind === 'text' ? message.text : '',
    notice: message.kind === 'notice' ? noticeOf(message.text) : null,
    sentAtMs: message.sentAtMs,
    storedAtMs: message.storedAtMs,
    state: message.state,
    errorCode: message.errorCode,
    replyTo: replyTo && {
      seq: original?.seq ?? null,
      author: replyTo.author,
      excerpt: replyTo.excerpt,
    },
    signature: message.signature,
  }
}

function noticeOf(text: string): NoticeType | null {
  return v.is(NoticeTypeView, text) ? text : null
}

export function conversationView(store: Store, row: ConversationRow): ConversationView {
  const { conversation, contact, lastMessage, unreadCount } = row
  return {
    id: conversation.id,
    contact: contactView(contact, conversation.id),
    lastMessage: lastMessage && messageView(store, lastMessage),
    unreadCount,
    markedUnread: conversation.markedUnread,
    pinned: conversation.pinned,
    mutedUntilMs: conversation.mutedUntilMs,
    archived: conversation.archived,
    draft: conversation.draft,
    signedMessages: conversation.signedMessages,
  }
}
