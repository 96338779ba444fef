import type { Client } from '#core/client.ts'
import type { ConversationId, MessageSeq } from '#core/model.ts'
import type { PagePosition } from '#core/messages.ts'
import type { ConversationView, MessageView } from '#shared/views.ts'
import type { Output } from './output.ts'
import { messageText } from './text-views.ts'

const PAGE = 200

/**
 * Prints the unread messages of accepted contacts, and marks each page as read once it is written: over all runs, every
 * message is printed, and again only where the process ended in between.
 */
export async function printUnread(client: Client, output: Output): Promise<void> {
  for (const conversation of client.listConversations()) {
    const { contact, unreadCount } = conversation
    if (unreadCount > 0 && contact.relation === 'accepted') {
      await printConversation(client, output, conversation)
    }
  }
}

async function printConversation(
  client: Client,
  output: Output,
  { contact, ...conversation }: ConversationView,
): Promise<void> {
  const id = conversation.id as ConversationId
  let position: PagePosition = { kind: 'first-unread' }
  for (;;) {
    const page = client.pageOfMessages(id, position, PAGE)
    if (!page.ok) return
    const { messages, firstUnreadSeq, hasNewer } = page.value
    for (const message of messages) {
      if (!isIncoming(message) || firstUnreadSeq === null || message.seq < firstUnreadSeq) continue
      await output.result({ address: contact.address, ...message }, messageText(message, contact))
    }
    const last = messages.at(-1)
    if (last === undefined) return
    client.markRead(id, last.seq as MessageSeq)
    if (!hasNewer) return
    position = { kind: 'after', seq: last.seq as MessageSeq }
  }
}

function isIncoming({ author, kind }: MessageView): boolean {
  return author === 'them' && kind !== 'notice'
}
