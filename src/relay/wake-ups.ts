import type { MailboxId } from './storage.ts'

/**
 * Tells the connections of this process that an envelope may wait for a device. Only a hint: the database is the
 * truth, and whoever listens also looks from time to time.
 */
export class WakeUps {
  readonly #listeners = new Map<MailboxId, Set<() => void>>()

  /** @returns a function that stops listening. */
  listen(mailbox: MailboxId, listener: () => void): () => void {
    const listeners = this.#listeners.get(mailbox) ?? new Set()
    this.#listeners.set(mailbox, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(mailbox) === listeners) {
        this.#listeners.delete(mailbox)
      }
    }
  }

  notify(mailbox: MailboxId): void {
    for (const listener of this.#listeners.get(mailbox) ?? []) listener()
  }

  notifyAll(): void {
    for (const mailbox of this.#listeners.keys()) this.notify(mailbox)
  }
}
