import type { Database } from 'better-sqlite3'
import { BLOB_COLUMNS, blobRecord, type BlobRow } from '../rows/blobs.ts'
import type { AccountId } from '../storage.ts'
import type { BlobCreation, BlobPart, BlobQuota, BlobRecord } from '../storage-blobs.ts'

interface PartRow {
  readonly blob: Uint8Array
  readonly start: number
}

const BATCH = 200

/** Attachments and their parts. Synchronous: changes run inside a group commit. */
export class BlobTables {
  readonly #blob
  readonly #hasAccount
  readonly #sums
  readonly #insert
  readonly #deleteUnfinished
  readonly #insertPart
  readonly #begunPart
  readonly #finishPart
  readonly #receive
  readonly #abandon
  readonly #parts
  readonly #delete
  readonly #expire
  readonly #trash
  readonly #forget
  readonly #postpone

  constructor(database: Database) {
    this.#blob = database.prepare<[Uint8Array], BlobRow>(
      `SELECT ${BLOB_COLUMNS} FROM blobs WHERE id = ?`,
    )
    this.#hasAccount = database.prepare<[AccountId], { id: AccountId }>(
      'SELECT id FROM accounts WHERE id = ?',
    )
    this.#sums = database.prepare<[AccountId], { count: number; bytes: number }>(
      'SELECT count(*) AS count, ifnull(sum(length), 0) AS bytes FROM blobs WHERE account = ?',
    )
    this.#insert = database.prepare<[Uint8Array, AccountId, number, number]>(
      'INSERT INTO blobs (id, account, length, expires_ms) VALUES (?, ?, ?, ?)',
    )
    this.#deleteUnfinished = database.prepare<[Uint8Array]>(
      'DELETE FROM blob_parts WHERE blob = ? AND length IS NULL',
    )
    this.#insertPart = database.prepare<[string, Uint8Array, number, number]>(
      'INSERT INTO blob_parts (key, blob, start, begun_ms) VALUES (?, ?, ?, ?)',
    )
    this.#begunPart = database.prepare<[string], PartRow>(
      'SELECT blob, start FROM blob_parts WHERE key = ? AND length IS NULL',
    )
    this.#finishPart = database.prepare<[number, string]>(
      'UPDATE blob_parts SET length = ? WHERE key = ?',
    )
    this.#receive = database.prepare<[number, number, number, Uint8Array], BlobRow>(
      `UPDATE blobs SET received = ?, expires_ms = CASE WHEN length = ? THEN ? ELSE expires_ms END
        WHERE id = ? RETURNING ${BLOB_COLUMNS}`,
    )
    this.#abandon = database.prepare<[string]>(
      'DELETE FROM blob_parts WHERE key = ? AND length IS NULL',
    )
    this.#parts = database.prepare<[Uint8Array, number, number], BlobPart>(
      `SELECT key, start AS offset, length FROM blob_parts
        WHERE blob = ? AND length IS NOT NULL AND start + length > ? AND start < ? ORDER BY start`,
    )
    this.#delete = database.prepare<[Uint8Array, AccountId]>(
      'DELETE FROM blobs WHERE id = ? AND account = ?',
    )
    this.#expire = database.prepare<[number]>(
      `DELETE FROM blobs WHERE id IN
        (SELECT id FROM blobs WHERE expires_ms <= ? ORDER BY expires_ms LIMIT ${BATCH})`,
    )
    this.#trash = database.prepare<[number], { key: string }>(
      `SELECT key FROM blob_trash WHERE begun_ms < ? ORDER BY begun_ms LIMIT ${BATCH}`,
    )
    this.#forget = database.prepare<[string]>('DELETE FROM blob_trash WHERE key = ?')
    this.#postpone = database.prepare<[number, string]>(
      'UPDATE blob_trash SET begun_ms = ? WHERE key = ?',
    )
  }

  create(blob: Omit<BlobRecord, 'offset'>, quota: BlobQuota, nowMs: number): BlobCreation {
    const { id, account, length, expiresAtMs } = blob
    const found = this.#blob.get(id)
    if (found !== undefined && found.expires_ms > nowMs) {
      const same = found.account === account && found.length === length
      return same ? { outcome: 'existing', blob: blobRecord(found) } : { outcome: 'conflict' }
    }
    if (this.#hasAccount.get(account) === undefined) return { outcome: 'gone' }
    if (found !== undefined) this.#delete.run(id, found.account)
    const { count, bytes } = this.#sums.get(account) ?? { count: 0, bytes: 0 }
    if (count + 1 > quota.blobs || bytes + length > quota.bytes) return { outcome: 'quota' }
    this.#insert.run(id, account, length, expiresAtMs)
    return { outcome: 'created', blob: { ...blob, offset: 0 } }
  }

  find(id: Uint8Array, nowMs: number): BlobRecord | null {
    const row = this.#blob.get(id)
    return row === undefined || row.expires_ms <= nowMs ? null : blobRecord(row)
  }

  begin(
    part: { readonly blob: Uint8Array; readonly key: string; readonly offset: number },
    nowMs: number,
  ): 'begun' | 'conflict' | 'gone' {
    const blob = this.find(part.blob, nowMs)
    if (blob === null) return 'gone'
    if (blob.offset !== part.offset || blob.offset === blob.length) return 'conflict'
    this.#deleteUnfinished.run(part.blob)
    this.#insertPart.run(part.key, part.blob, part.offset, nowMs)
    return 'begun'
  }

  finish(
    { key, length }: { readonly key: string; readonly length: number },
    keptUntilMs: number,
  ): BlobRecord | null {
    const part = this.#begunPart.get(key)
    if (part === undefined) return null
    this.#finishPart.run(length, key)
    const end = part.start + length
    const row = this.#receive.get(end, end, keptUntilMs, part.blob)
    return row === undefined ? null : blobRecord(row)
  }

  abandon(key: string): void {
    this.#abandon.run(key)
  }

  parts(id: Uint8Array, from: number, to: number): readonly BlobPart[] {
    return this.#parts.all(id, from, to)
  }

  delete(id: Uint8Array, account: AccountId): boolean {
    return this.#delete.run(id, account).changes > 0
  }

  expire(nowMs: number): number {
    return this.#expire.run(nowMs).changes
  }

  trash(begunBeforeMs: number): readonly string[] {
    return this.#trash.all(begunBeforeMs).map(({ key }) => key)
  }

  forgetTrash(keys: readonly string[]): void {
    for (const key of keys) this.#forget.run(key)
  }

  postponeTrash(keys: readonly string[], nowMs: number): void {
    for (const key of keys) this.#postpone.run(nowMs, key)
  }
}
