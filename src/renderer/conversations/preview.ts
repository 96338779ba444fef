import type { TFunction } from 'i18next'
import type { ConversationView, MessageView } from '#ipc/views.ts'
import { plainText } from '../thread/markdown.ts'

const PREVIEW_CHARACTERS = 200

/** A message in one line. */
export function messageLine(
  message: MessageView,
  title: string,
  t: TFunction<['conversations', 'thread']>,
): string {
  switch (message.kind) {
    case 'notice':
      return message.notice === null ? '' : t(`thread:notice.${message.notice}`, { title })
    case 'unreadable':
      return t('conversations:unreadable')
    case 'text': {
      const text = plainText(message.text.slice(0, PREVIEW_CHARACTERS))
      return message.author === 'me' ? t('conversations:you', { text }) : text
    }
  }
}

/** The second line of a conversation's row, without a draft. */
export function lastLine(
  { contact, lastMessage }: ConversationView,
  t: TFunction<['conversations', 'thread']>,
): string {
  if (contact.identityChanged) return t('conversations:keysChanged')
  if (lastMessage !== null) return messageLine(lastMessage, contact.title, t)
  if (contact.relation === 'request-out') return t('conversations:waitingAcceptance')
  return t('conversations:noMessages')
}
