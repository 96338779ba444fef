import { Notification } from 'electron'
import { escapeMarkup, type PlannedNotification } from './notification-plan.ts'

/** Shows native notifications: one a conversation, the newer in the place of the older. */
export class Notifications {
  readonly #isLinux: boolean
  readonly #open: (conversationId: number | null) => void
  /** Kept, since a notification that is garbage-collected loses its click. */
  readonly #shown = new Map<number | null, Notification>()

  constructor(options: {
    readonly isLinux: boolean
    readonly open: (conversationId: number | null) => void
  }) {
    this.#isLinux = options.isLinux
    this.#open = options.open
  }

  show({ conversationId, title, body, silent }: PlannedNotification): void {
    if (!Notification.isSupported()) return
    this.dismiss(conversationId)
    const notification = new Notification({
      title,
      body: this.#isLinux ? escapeMarkup(body) : body,
      silent,
    })
    const forget = (): void => {
      if (this.#shown.get(conversationId) === notification) this.#shown.delete(conversationId)
    }
    notification.on('click', () => {
      forget()
      this.#open(conversationId)
    })
    notification.on('close', ({ reason }) => {
      // On Windows it stays in the Action Center, from which it is taken back once it is read.
      if (reason !== 'timedOut') forget()
    })
    this.#shown.set(conversationId, notification)
    notification.show()
  }

  /** Takes back what was shown of a conversation, once it is read. */
  dismiss(conversationId: number | null): void {
    this.#shown.get(conversationId)?.close()
    this.#shown.delete(conversationId)
  }

  /** Takes back everything, for example when the account is gone. */
  dismissAll(): void {
    for (const conversationId of this.#shown.keys()) this.dismiss(conversationId)
  }
}
