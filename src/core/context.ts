import { ConfirmedKeys } from './confirmed-keys.ts'
import { RepeatedReceipts } from './repeated-receipts.ts'
import { Changes } from './changes.ts'
import type { DeviceKeys } from './device-keys.ts'
import { HostTurns } from './host-turns.ts'
import { Events } from './events.ts'
import { SessionBook } from './session-book.ts'
import type { Account } from './model.ts'
import type { Clock, Log, Random, Relay, RequestSigner, Store } from './ports.ts'

/** What every use case works with: the open profile, the ports, and the jobs that run behind. */
export class Context {
  readonly store: Store
  readonly relay: Relay
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly keys: DeviceKeys
  readonly events = new Events()
  readonly sessions: SessionBook
  readonly confirmedKeys = new ConfirmedKeys()
  readonly hostTurns = new HostTurns()
  readonly repeatedReceipts: RepeatedReceipts
  #changes: Changes | null = null

  constructor(parts: Pick<Context, 'store' | 'relay' | 'clock' | 'random' | 'log' | 'keys'>) {
    this.store = parts.store
    this.relay = parts.relay
    this.clock = parts.clock
    this.random = parts.random
    this.log = parts.log
    this.keys = parts.keys
    this.sessions = new SessionBook(parts.store)
    this.repeatedReceipts = new RepeatedReceipts(parts.clock)
  }

  /** The account of this profile; opening a profile without one is a bug. */
  account(): Account {
    const account = this.store.account.get()
    if (account === null) throw new Error('the profile has no account')
    return account
  }

  /** Signs requests to the own relay. */
  signer(): RequestSigner {
    return this.keys.signer(this.account())
  }

  /**
   * Runs `work` in one transaction and, once it is durable, tells the shell what it touched. Inside another
   * `commit`, joins it.
   */
  commit<T>(work: (changes: Changes) => T): T {
    if (this.#changes !== null) return work(this.#changes)
    const changes = new Changes()
    this.#changes = changes
    let result: T
    try {
      result = this.store.transaction(() => {
        const done = work(changes)
        this.sessions.flush()
        return done
      })
    } catch (cause) {
      this.sessions.discard()
      throw cause
    } finally {
      this.#changes = null
    }
    changes.emit(this.store, this.events)
    return result
  }
}
