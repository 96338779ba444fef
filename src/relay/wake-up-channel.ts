import type { MailboxId } from './storage.ts'

/**
 * Carries hints between the processes of one relay. Nothing depends on it but speed: hints may be lost, late or
 * repeated, since the database is the truth and whoever is connected also looks from time to time.
 */
export interface WakeUpChannel {
  /** The first connection of a device to this process began. */
  connected(mailbox: MailboxId): void
  /** The last one ended. */
  disconnected(mailbox: MailboxId): void
  /** Something may wait for the device, wherever it is connected. */
  tell(mailbox: MailboxId): void
  /** Called with what others told, or `null` where something may have been missed: any mailbox then. */
  listen(listener: (mailbox: MailboxId | null) => void): void
}
