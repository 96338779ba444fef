import Database from 'better-sqlite3'
import type { StoreErrorShape } from '#core/ports.ts'

/**
 * A condition of the machine that the store met in mid-work: the disk is full, a page does not verify, or
 * (`INTERNAL`) a bug. Its message holds the code alone; the cause names tables and columns, never contents.
 */
export class StoreError extends Error implements StoreErrorShape {
  readonly code: StoreErrorShape['code']

  constructor(code: StoreErrorShape['code'], cause?: unknown) {
    super(code, { cause })
    this.name = 'StoreError'
    this.code = code
  }
}

const FULL = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE'])
const DAMAGED =
  /^SQLITE_(?:CORRUPT(?:_.*)?|NOTADB|IOERR_(?:READ|SHORT_READ|DATA|CORRUPTFS|IN_PAGE))$/

/** What SQLite threw, as a `StoreError`; anything else as it is. */
export function toStoreError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  if (FULL.has(error.code)) return new StoreError('STORE_FULL', error)
  if (DAMAGED.test(error.code)) return new StoreError('STORE_DAMAGED', error)
  return new StoreError('INTERNAL', error)
}
