import { STATISTICS_DAYS, type StorageStatistics } from '../storage-admin.ts'
import type { Transactions } from './transactions.ts'

const DAY_MS = 24 * 60 * 60_000
const PAGE_BYTES = 8_192
/** Tables up to so many pages (128 MB, some 600,000 devices) are counted, larger ones are estimated from as many. */
const COUNTED_PAGES = 16_384

interface Sizes {
  readonly accounts: number
  readonly devices: number
  readonly database: number
}

interface DeviceSums {
  readonly devices: number
  readonly waiting: number
  readonly bytes: number
}

const SIZES = `SELECT pg_relation_size('accounts') AS accounts, pg_relation_size('devices') AS devices,
  pg_database_size(current_database()) AS database`
// Always the same pages, so that numbers don't jump about from one look to the next.
const sampled = (table: string): string => `${table} TABLESAMPLE SYSTEM ($1) REPEATABLE (1)`
const ACCOUNTS = `SELECT count(*) AS count FROM ${sampled('accounts')}`
const DEVICES = `SELECT count(*) AS devices, coalesce(sum(waiting), 0)::bigint AS waiting,
  coalesce(sum(waiting_bytes), 0)::bigint AS bytes FROM ${sampled('devices')}`
const REGISTRATIONS = `SELECT created_ms / ${DAY_MS} AS day, count(*) AS accounts FROM accounts
  WHERE created_ms >= $1 GROUP BY day ORDER BY day DESC`
const BLOCKED = 'SELECT count(*) AS count FROM account_rules WHERE blocked_ms IS NOT NULL'
const INVITES = `SELECT coalesce(sum(uses_left), 0)::bigint AS count FROM invite_codes
  WHERE expires_ms > $1`

/** Which part of a table is read, in percent. */
function percentOf(bytes: number, pages: number): number {
  return Math.min(100, (100 * pages * PAGE_BYTES) / Math.max(bytes, 1))
}

/**
 * Counts what there is, at a cost that does not grow with it: what is large is estimated.
 * @param pages - of a table that are read.
 */
export async function readStatistics(
  transactions: Transactions,
  nowMs: number,
  pages: number = COUNTED_PAGES,
): Promise<StorageStatistics> {
  const [sizes] = await transactions.read<Sizes>(SIZES)
  if (sizes === undefined) throw new TypeError('the database told no sizes')
  const count = async (text: string, value?: number): Promise<number> => {
    const rows = await transactions.read<{ count: number }>(
      text,
      value === undefined ? [] : [value],
    )
    return rows[0]?.count ?? 0
  }
  const accounts = percentOf(sizes.accounts, pages)
  const devices = percentOf(sizes.devices, pages)
  const whole = (part: number, percent: number): number => Math.round((part * 100) / percent)
  const firstMs = (Math.floor(nowMs / DAY_MS) - STATISTICS_DAYS + 1) * DAY_MS
  const sums = (await transactions.read<DeviceSums>(DEVICES, [devices]))[0]
  const days = await transactions.read<{ day: number; accounts: number }>(REGISTRATIONS, [firstMs])
  return {
    accounts: whole(await count(ACCOUNTS, accounts), accounts),
    devices: whole(sums?.devices ?? 0, devices),
    waiting: whole(sums?.waiting ?? 0, devices),
    waitingBytes: whole(sums?.bytes ?? 0, devices),
    blockedAccounts: await count(BLOCKED),
    inviteUsesLeft: await count(INVITES, nowMs),
    databaseBytes: sizes.database,
    registrations: days.map(({ day, accounts: made }) => ({
      day: new Date(day * DAY_MS).toISOString().slice(0, 10),
      accounts: made,
    })),
  }
}
