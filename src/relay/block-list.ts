import { STREAM_CLOSE } from '#protocol/relay-frames.ts'
import type { AccountId, RelayStorage } from './storage.ts'
import type { Streams } from './streams.ts'
import type { WakeUps } from './wake-ups.ts'

/**
 * The accounts that the operator has blocked, in memory, so that no request has to ask the database. Another process
 * of the same relay may have blocked one: {@link refresh} is called from time to time.
 */
export class BlockList {
  readonly #storage: RelayStorage
  readonly #streams: Streams
  readonly #wakeUps: WakeUps
  #blocked: ReadonlySet<AccountId> = new Set()

  constructor(storage: RelayStorage, streams: Streams, wakeUps: WakeUps) {
    this.#storage = storage
    this.#streams = streams
    this.#wakeUps = wakeUps
  }

  has(account: AccountId): boolean {
    return this.#blocked.has(account)
  }

  /** Reads the list anew, and ends the streams and polls of who has come onto it. */
  async refresh(): Promise<void> {
    const known = this.#blocked
    const accounts = await this.#storage.blockedAccounts()
    this.#blocked = new Set(accounts.map(({ id }) => id))
    for (const { id, mailboxes } of accounts) {
      if (known.has(id)) continue
      for (const mailbox of mailboxes) {
        this.#streams.closeMailbox(mailbox, STREAM_CLOSE.accountBlocked)
        this.#wakeUps.notify(mailbox)
      }
    }
  }
}
