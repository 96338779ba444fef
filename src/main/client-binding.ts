import type { Client } from '#core/client.ts'
import type { ConversationId } from '#core/model.ts'
import type { Clock } from '#core/ports.ts'
import type { AccountView, ConversationView, MessageView, SettingsView } from '#shared/views.ts'
import type { PublishEvent } from './ipc/publish-event.ts'
import { planNotifications } from './notification-plan.ts'
import type { Notifications } from './notifications.ts'
import type { ShellTexts } from './texts/shell-texts.ts'
import { UnreadCount } from './unread.ts'

/** Messages that come within this time are announced together: a catch-up is no drum roll. */
const NOTIFY_TOGETHER_MS = 300

interface BindingParts {
  readonly publish: PublishEvent
  readonly notifications: Notifications
  readonly texts: () => ShellTexts
  readonly watched: () => number | null
  readonly clock: Clock
  readonly accountChanged: (account: AccountView) => void
  readonly applySettings: (settings: SettingsView) => void
  readonly showUnread: (count: number) => void
}

/** Passes what an open profile tells to the page, and makes of it what the shell shows: notifications and the badge. */
export function bindClient(client: Client, parts: BindingParts): () => void {
  const { publish, notifications, showUnread, clock } = parts
  const unread = new UnreadCount()

  const count = (conversations: readonly ConversationView[]): void => {
    unread.update(conversations, clock.nowMs())
    showUnread(unread.total())
  }
  let waiting: MessageView[] = []
  let cancelNotify: (() => void) | null = null
  const notify = (): void => {
    cancelNotify = null
    // It closes before it is unbound where its account is deleted.
    if (client.isClosed()) return
    const planned = planNotifications(waiting, {
      settings: client.settings(),
      texts: parts.texts(),
      nowMs: clock.nowMs(),
      watched: parts.watched(),
      conversation: (id) => {
        const found = client.getConversation(id as ConversationId)
        return found.ok ? found.value : null
      },
    })
    waiting = []
    for (const notification of planned) notifications.show(notification)
  }
  const announce = (messages: readonly MessageView[]): void => {
    waiting.push(...messages)
    cancelNotify ??= clock.schedule(NOTIFY_TOGETHER_MS, notify)
  }

  const stops = [
    client.events.on('connection.changed', (connection) =>
      publish('connection.changed', connection),
    ),
    client.events.on('account.changed', (account) => {
      publish('account.changed', account)
      parts.accountChanged(account)
    }),
    client.events.on('settings.changed', (settings) => {
      publish('settings.changed', settings)
      parts.applySettings(settings)
    }),
    client.events.on('relays.changed', (relays) => publish('relays.changed', relays)),
    client.events.on('conversations.changed', (conversations) => {
      publish('conversations.changed', conversations)
      count(conversations)
      for (const { id, unreadCount } of conversations) {
        if (unreadCount === 0) notifications.dismiss(id)
      }
    }),
    client.events.on('conversations.removed', (ids) => {
      publish('conversations.removed', ids)
      unread.remove(ids)
      showUnread(unread.total())
      for (const id of ids) notifications.dismiss(id)
    }),
    client.events.on('messages.added', (messages) => {
      publish('messages.added', messages)
      announce(messages)
    }),
    client.events.on('messages.changed', (messages) => {
      publish('messages.changed', messages)
      // What others wrote changes once at most: from what could not be opened into a text nobody was told of.
      const opened = messages.filter(({ author }) => author === 'them')
      if (opened.length > 0) announce(opened)
    }),
    client.events.on('messages.removed', (removed) => publish('messages.removed', removed)),
  ]
  count(client.listConversations())
  parts.applySettings(client.settings())
  return () => {
    for (const stop of stops) stop()
    cancelNotify?.()
    notifications.dismissAll()
    showUnread(0)
  }
}
