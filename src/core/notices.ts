import type { Context } from './context.ts'
import type { Contact, Conversation, NoticeType } from './model.ts'

const NOTICE_ID_BYTES = 16

/** The conversation of a contact, made with it. */
export function conversationOf(context: Context, contact: Contact): Conversation {
  const conversation = context.store.conversations.byContact(contact.id)
  if (conversation === null) throw new Error('every contact has a conversation')
  return conversation
}

/** Adds a line of the conversation's own history. */
export function addNotice(context: Context, contact: Contact, type: NoticeType): void {
  context.commit((changes) => {
    const conversation = conversationOf(context, contact)
    const now = context.clock.nowMs()
    const notice = context.store.messages.add({
      conversationId: conversation.id,
      id: context.random(NOTICE_ID_BYTES),
      author: 'me',
      kind: 'notice',
      text: type,
      sentAtMs: now,
      storedAtMs: now,
      state: 'received',
      errorCode: null,
      replyTo: null,
      signature: 'none',
    })
    if (notice !== null) changes.messageAdded(conversation.id, notice.seq)
  })
}
