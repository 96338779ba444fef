import type { Database } from 'better-sqlite3'
import { STATISTICS_DAYS, type StorageStatistics } from '../storage-admin.ts'

const DAY_MS = 24 * 60 * 60_000
/** Rows read between two turns of the event loop: well below a millisecond. */
const CHUNK_ROWS = 2_000

interface DeviceChunk {
  readonly last: number | null
  readonly devices: number
  readonly waiting: number
  readonly bytes: number
}

interface AccountChunk {
  readonly last: number
  readonly day: number
  readonly accounts: number
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Counts the database a few rows at a time, so that a million accounts hold up nobody. */
export class Statistics {
  readonly #database: Database
  readonly #devices
  readonly #accounts
  readonly #blocked
  readonly #invites

  constructor(database: Database) {
    this.#database = database
    this.#devices = database.prepare<[number], DeviceChunk>(
      `SELECT max(mailbox) AS last, count(*) AS devices, ifnull(sum(waiting), 0) AS waiting,
        ifnull(sum(waiting_bytes), 0) AS bytes
        FROM (SELECT mailbox, waiting, waiting_bytes FROM devices WHERE mailbox > ?
          ORDER BY mailbox LIMIT ${CHUNK_ROWS})`,
    )
    this.#accounts = database.prepare<[number], AccountChunk>(
      `SELECT max(id) AS last, created_ms / ${DAY_MS} AS day, count(*) AS accounts
        FROM (SELECT id, created_ms FROM accounts WHERE id > ? ORDER BY id LIMIT ${CHUNK_ROWS})
        GROUP BY day`,
    )
    this.#blocked = database.prepare<[], { count: number }>(
      'SELECT count(*) AS count FROM account_rules WHERE blocked_ms IS NOT NULL',
    )
    this.#invites = database.prepare<[number], { uses: number }>(
      'SELECT ifnull(sum(uses_left), 0) AS uses FROM invite_codes WHERE expires_ms > ?',
    )
  }

  async count(nowMs: number): Promise<StorageStatistics> {
    const sums = { devices: 0, waiting: 0, waitingBytes: 0 }
    for (let after: number | null = 0; after !== null; await nextTurn()) {
      const chunk: DeviceChunk | undefined = this.#devices.get(after)
      sums.devices += chunk?.devices ?? 0
      sums.waiting += chunk?.waiting ?? 0
      sums.waitingBytes += chunk?.bytes ?? 0
      after = chunk?.last ?? null
    }
    const { accounts, registrations } = await this.#countAccounts(nowMs)
    const pages = Number(this.#database.pragma('page_count', { simple: true }))
    const pageBytes = Number(this.#database.pragma('page_size', { simple: true }))
    return {
      ...sums,
      accounts,
      registrations,
      blockedAccounts: this.#blocked.get()?.count ?? 0,
      inviteUsesLeft: this.#invites.get(nowMs)?.uses ?? 0,
      databaseBytes: pages * pageBytes,
    }
  }

  async #countAccounts(
    nowMs: number,
  ): Promise<Pick<StorageStatistics, 'accounts' | 'registrations'>> {
    const today = Math.floor(nowMs / DAY_MS)
    const byDay = new Map<number, number>()
    let accounts = 0
    for (let after = 0, more = true; more; await nextTurn()) {
      const chunk = this.#accounts.all(after)
      more = chunk.length > 0
      for (const { last, day, accounts: count } of chunk) {
        after = Math.max(after, last)
        accounts += count
        if (day > today - STATISTICS_DAYS) byDay.set(day, (byDay.get(day) ?? 0) + count)
      }
    }
    const registrations = [...byDay]
      .toSorted(([first], [second]) => second - first)
      .map(([day, count]) => ({
        day: new Date(day * DAY_MS).toISOString().slice(0, 10),
        accounts: count,
      }))
    return { accounts, registrations }
  }
}
