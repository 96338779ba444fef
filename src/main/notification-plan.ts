import type { ConversationView, MessageView, SettingsView } from '#shared/views.ts'
import { withCount, type ShellTexts } from './texts/shell-texts.ts'

const MAX_BODY_CHARS = 200
/** Where more conversations than this have news at once (after a long sleep), one notification sums them up. */
const MAX_AT_ONCE = 3

export interface NotificationContext {
  readonly settings: Pick<SettingsView, 'notifications' | 'notificationSound'>
  readonly texts: ShellTexts
  readonly nowMs: number
  /** The conversation that the user is looking at, if any. */
  readonly watched: number | null
  readonly conversation: (id: number) => ConversationView | null
}

export interface PlannedNotification {
  /** What a click opens; `null`: just the window. */
  readonly conversationId: number | null
  readonly title: string
  readonly body: string
  readonly silent: boolean
}

interface News {
  readonly conversation: ConversationView
  readonly latest: MessageView
  readonly count: number
}

/**
 * What to notify of when messages have come: nothing that the user wrote, looks at, has muted, archived or
 * blocked; one notification a conversation; and no more of its content than the settings allow.
 */
export function planNotifications(
  messages: readonly MessageView[],
  context: NotificationContext,
): PlannedNotification[] {
  if (context.settings.notifications === 'off') return []
  const news = [...collectNews(messages, context).values()]
  if (news.length <= MAX_AT_ONCE) return news.map((item) => describe(item, context))
  const count = news.reduce((sum, item) => sum + item.count, 0)
  const body = withCount(context.texts.newMessages, count)
  return [{ conversationId: null, title: context.texts.app, body, silent: isSilent(context) }]
}

function collectNews(
  messages: readonly MessageView[],
  context: NotificationContext,
): Map<number, News> {
  const news = new Map<number, News>()
  for (const message of messages) {
    if (!isNews(message) || message.conversationId === context.watched) continue
    const known = news.get(message.conversationId)
    const conversation = known?.conversation ?? context.conversation(message.conversationId)
    if (conversation === null || isQuiet(conversation, context.nowMs)) continue
    news.set(message.conversationId, {
      conversation,
      latest: message,
      count: (known?.count ?? 0) + 1,
    })
  }
  return news
}

function isNews(message: MessageView): boolean {
  if (message.kind === 'notice') return message.notice === 'request-received'
  return message.author === 'them' && message.kind === 'text'
}

function isQuiet(conversation: ConversationView, nowMs: number): boolean {
  return (
    conversation.mutedUntilMs > nowMs ||
    conversation.archived ||
    conversation.contact.relation === 'blocked'
  )
}

function describe({ conversation, latest, count }: News, context: NotificationContext) {
  const { texts, settings } = context
  const isRequest = conversation.contact.relation === 'request-in'
  const counted = count === 1 ? texts.newMessage : withCount(texts.newMessages, count)
  const isHidden = settings.notifications === 'hidden'
  // A stranger's words are not put on the screen before the user has accepted them.
  const showsText = settings.notifications === 'name-and-text' && !isRequest
  return {
    conversationId: conversation.id,
    title: isHidden ? texts.app : conversation.contact.title,
    body: isHidden
      ? counted
      : isRequest
        ? texts.newRequest
        : showsText && latest.text !== ''
          ? shorten(latest.text)
          : counted,
    silent: isSilent(context),
  }
}

function isSilent(context: NotificationContext): boolean {
  return !context.settings.notificationSound
}

function shorten(text: string): string {
  const characters = [...text.trim()]
  if (characters.length <= MAX_BODY_CHARS) return characters.join('')
  return characters.slice(0, MAX_BODY_CHARS - 1).join('') + '…'
}

/** Linux notification servers read markup in the body; what people write is not markup. */
export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
