import i18next from 'i18next'
import type { MessageView } from '#ipc/views.ts'
import { useConversations } from '../state/conversations.ts'
import { announce } from '../ui/announcer.tsx'

/** Has screen readers say what arrives in the open conversation. */
export function announceMessages(messages: readonly MessageView[]): void {
  const { openId, byId } = useConversations.getState()
  const author = openId === null ? undefined : byId.get(openId)?.contact.title
  if (author === undefined) return
  const spoken = messages
    .filter((message) => message.conversationId === openId && message.author === 'them')
    .filter(({ kind }) => kind !== 'notice')
    .map(({ kind, text }) =>
      kind === 'unreadable'
        ? i18next.t('thread:announceUnreadable', { author })
        : i18next.t('thread:announce', { author, text }),
    )
  if (spoken.length > 0) announce(spoken.join('\n'))
}
