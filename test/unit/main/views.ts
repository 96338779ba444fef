import type { AccountView, ContactView, ConversationView, MessageView } from '#shared/views.ts'

export const ACCOUNT: AccountView = {
  address: 'ada@relay.example.org',
  displayName: 'Ada',
  fingerprint: 'ab'.repeat(32),
  createdAtMs: 1,
  registered: true,
}

export function message(change: Partial<MessageView> = {}): MessageView {
  return {
    seq: 1,
    conversationId: 1,
    author: 'them',
    kind: 'text',
    text: 'Hello',
    notice: null,
    sentAtMs: 1,
    storedAtMs: 1,
    state: 'received',
    errorCode: null,
    replyTo: null,
    signature: 'none',
    ...change,
  }
}

export function conversation(
  change: Partial<ConversationView> = {},
  contact: Partial<ContactView> = {},
): ConversationView {
  const id = change.id ?? 1
  return {
    id,
    contact: {
      id,
      conversationId: id,
      address: 'ben@relay.example.org',
      title: `Ben ${id}`,
      displayName: 'Ben',
      petname: '',
      fingerprint: 'cd'.repeat(32),
      relation: 'accepted',
      verifiedAtMs: null,
      identityChanged: false,
      createdAtMs: 1,
      ...contact,
    },
    lastMessage: null,
    unreadCount: 0,
    markedUnread: false,
    pinned: false,
    mutedUntilMs: 0,
    archived: false,
    draft: '',
    signedMessages: false,
    ...change,
  }
}
