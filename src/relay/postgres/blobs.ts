import { BLOB_COLUMNS, blobRecord, type BlobRow } from '../rows/blobs.ts'
import type { AccountId } from '../storage.ts'
import type { BlobCreation, BlobPart, BlobQuota, BlobRecord } from '../storage-blobs.ts'
import { RunAgain, type Transaction, type Transactions } from './transactions.ts'

const BATCH = 200

const FIND = `SELECT ${BLOB_COLUMNS} FROM blobs WHERE id = $1`
const LOCK = `${FIND} FOR UPDATE`
/** So that the sums of its attachments are right, and it is not deleted meanwhile. */
const LOCK_ACCOUNT = 'SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE'
const SUMS = `SELECT count(*) AS count, coalesce(sum(length), 0)::bigint AS bytes FROM blobs
  WHERE account = $1`
const REMOVE = 'DELETE FROM blobs WHERE id = $1 AND account = $2'
const ADD = `INSERT INTO blobs (id, account, length, expires_ms) VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING`
const REMOVE_UNFINISHED = 'DELETE FROM blob_parts WHERE blob = $1 AND length IS NULL'
const ADD_PART = 'INSERT INTO blob_parts (key, blob, start, begun_ms) VALUES ($1, $2, $3, $4)'
const LOCK_OF_PART = `SELECT id FROM blobs WHERE id = (SELECT blob FROM blob_parts WHERE key = $1)
  FOR UPDATE`
// Statements of their own, begun once the attachment is locked: they see what its holder before has committed.
const FINISH_PART = `UPDATE blob_parts SET length = $2 WHERE key = $1 AND length IS NULL
  RETURNING blob, start`
const RECEIVE = `UPDATE blobs SET received = $2,
    expires_ms = CASE WHEN length = $2 THEN $3 ELSE expires_ms END
  WHERE id = $1 RETURNING ${BLOB_COLUMNS}`
const ABANDON = 'DELETE FROM blob_parts WHERE key = $1 AND length IS NULL'
const PARTS = `SELECT key, start AS offset, length FROM blob_parts
  WHERE blob = $1 AND length IS NOT NULL AND start + length > $2 AND start < $3 ORDER BY start`
const EXPIRE = `DELETE FROM blobs WHERE id IN (SELECT id FROM blobs WHERE expires_ms <= $1
  ORDER BY expires_ms LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`
const TRASH = `SELECT key FROM blob_trash WHERE begun_ms < $1 ORDER BY begun_ms LIMIT ${BATCH}`
const FORGET = 'DELETE FROM blob_trash WHERE key = ANY ($1::text[])'
const POSTPONE = 'UPDATE blob_trash SET begun_ms = $2 WHERE key = ANY ($1::text[])'

async function create(
  transaction: Transaction,
  blob: Omit<BlobRecord, 'offset'>,
  quota: BlobQuota,
  nowMs: number,
): Promise<BlobCreation> {
  const { id, account, length, expiresAtMs } = blob
  const [owners, [found], [sums]] = await Promise.all([
    transaction.query(LOCK_ACCOUNT, [account]),
    transaction.query<BlobRow>(LOCK, [id]),
    transaction.query<{ count: number; bytes: number }>(SUMS, [account]),
  ])
  if (found !== undefined && found.expires_ms > nowMs) {
    const same = found.account === account && found.length === length
    return same ? { outcome: 'existing', blob: blobRecord(found) } : { outcome: 'conflict' }
  }
  if (owners.length === 0) return { outcome: 'gone' }
  // One whose time is over makes way, and counts no more.
  const own = found?.account === account ? found : null
  const count = (sums?.count ?? 0) - (own === null ? 0 : 1)
  const bytes = (sums?.bytes ?? 0) - (own?.length ?? 0)
  if (found !== undefined) transaction.send(REMOVE, [id, found.account])
  if (count + 1 > quota.blobs || bytes + length > quota.bytes) return { outcome: 'quota' }
  const added = await transaction.change(ADD, [id, account, length, expiresAtMs])
  // Another account had the same idea since we looked.
  if (added === 0) throw new RunAgain()
  return { outcome: 'created', blob: { ...blob, offset: 0 } }
}

async function begin(
  transaction: Transaction,
  part: { readonly blob: Uint8Array; readonly key: string; readonly offset: number },
  nowMs: number,
): Promise<'begun' | 'conflict' | 'gone'> {
  const [blob] = await transaction.query<BlobRow>(LOCK, [part.blob])
  if (blob === undefined || blob.expires_ms <= nowMs) return 'gone'
  if (blob.received !== part.offset || blob.received === blob.length) return 'conflict'
  transaction.send(REMOVE_UNFINISHED, [part.blob])
  transaction.send(ADD_PART, [part.key, part.blob, part.offset, nowMs])
  return 'begun'
}

async function finish(
  transaction: Transaction,
  { key, length }: { readonly key: string; readonly length: number },
  keptUntilMs: number,
): Promise<BlobRecord | null> {
  type Part = { readonly blob: Uint8Array; readonly start: number }
  const [, [part]] = await Promise.all([
    transaction.query(LOCK_OF_PART, [key]),
    transaction.query<Part>(FINISH_PART, [key, length]),
  ])
  if (part === undefined) return null
  const values = [part.blob, part.start + length, keptUntilMs]
  const [row] = await transaction.query<BlobRow>(RECEIVE, values)
  return row === undefined ? null : blobRecord(row)
}

/** Attachments and their parts; a trigger puts the keys of removed parts into the trash. */
export class BlobTables {
  readonly #transactions: Transactions

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  create(blob: Omit<BlobRecord, 'offset'>, quota: BlobQuota, nowMs: number): Promise<BlobCreation> {
    return this.#transactions.answer((transaction) => create(transaction, blob, quota, nowMs))
  }

  async find(id: Uint8Array, nowMs: number): Promise<BlobRecord | null> {
    const [row] = await this.#transactions.read<BlobRow>(FIND, [id])
    return row === undefined || row.expires_ms <= nowMs ? null : blobRecord(row)
  }

  begin(
    part: { readonly blob: Uint8Array; readonly key: string; readonly offset: number },
    nowMs: number,
  ): Promise<'begun' | 'conflict' | 'gone'> {
    return this.#transactions.answer((transaction) => begin(transaction, part, nowMs))
  }

  finish(
    part: { readonly key: string; readonly length: number },
    keptUntilMs: number,
  ): Promise<BlobRecord | null> {
    return this.#transactions.answer((transaction) => finish(transaction, part, keptUntilMs))
  }

  async abandon(key: string): Promise<void> {
    await this.#transactions.answer((transaction) => transaction.change(ABANDON, [key]))
  }

  parts(id: Uint8Array, from: number, to: number): Promise<readonly BlobPart[]> {
    return this.#transactions.read<BlobPart>(PARTS, [id, from, to])
  }

  async delete(id: Uint8Array, account: AccountId): Promise<boolean> {
    const values = [id, account]
    const removed = await this.#transactions.answer((transaction) =>
      transaction.change(REMOVE, values),
    )
    return removed > 0
  }

  expire(nowMs: number): Promise<number> {
    return this.#transactions.run((transaction) => transaction.change(EXPIRE, [nowMs]))
  }

  async trash(begunBeforeMs: number): Promise<readonly string[]> {
    const rows = await this.#transactions.read<{ key: string }>(TRASH, [begunBeforeMs])
    return rows.map(({ key }) => key)
  }

  async forgetTrash(keys: readonly string[]): Promise<void> {
    await this.#transactions.run((transaction) => transaction.change(FORGET, [keys]))
  }

  async postponeTrash(keys: readonly string[], nowMs: number): Promise<void> {
    await this.#transactions.run((transaction) => transaction.change(POSTPONE, [keys, nowMs]))
  }
}
