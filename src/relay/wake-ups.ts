import type { MailboxId } from './storage.ts'
import type { WakeUpChannel } from './wake-up-channel.ts'

/**
 * Tells the connections of this process, and those of others by a channel, that an envelope may wait for a device. Only a hint: the database is the
 * truth, and whoever listens also looks from time to time.
 */
export class WakeUps {
  readonly #listeners = new Map<MailboxId, Set<() => void>>()
  readonly #channel: WakeUpChannel | undefined

  /** @param channel - to the other processes of this relay, where there are any. */
  constructor(channel?: WakeUpChannel) {
    this.#channel = channel
    channel?.listen((mailbox) => {
      if (mailbox === null) this.notifyAll()
      else this.#wake(mailbox)
    })
  }

  /** @returns a function that stops listening. */
  listen(mailbox: MailboxId, listener: () => void): () => void {
    const listeners = this.#listeners.get(mailbox) ?? new Set()
    if (listeners.size === 0) this.#channel?.connected(mailbox)
    this.#listeners.set(mailbox, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(mailbox) === listeners) {
        this.#listeners.delete(mailbox)
        this.#channel?.disconnected(mailbox)
      }
    }
  }

  notify(mailbox: MailboxId): void {
    this.#wake(mailbox)
    this.#channel?.tell(mailbox)
  }

  /** All of this process. */
  notifyAll(): void {
    for (const mailbox of this.#listeners.keys()) this.#wake(mailbox)
  }

  #wake(mailbox: MailboxId): void {
    for (const listener of this.#listeners.get(mailbox) ?? []) listener()
  }
}
