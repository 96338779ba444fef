import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ProfileStorage, Store, StoreOpenError } from '#core/ports.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Connection, PAGE_HEADER } from './connection.ts'
import { migrate } from './migrate.ts'
import { MIGRATIONS } from './migrations/list.ts'
import type { Migration } from './migrations/migration.ts'
import { SqliteStore } from './sqlite-store.ts'
import { StoreError } from './store-error.ts'

/** The database's name in the folder of a profile. */
export const DATABASE_FILE = 'sotto.db'

/** A profile's database: its file and its key of 32 bytes, which stays the caller's to wipe. */
export interface StoreLocation {
  readonly path: string
  readonly key: Uint8Array
}

export type CreateStoreError = 'PROFILE_EXISTS' | 'STORE_FULL'

/** The database file of one profile, as core sees it. */
export function fileProfileStorage(path: string): ProfileStorage {
  return {
    exists: () => existsSync(path),
    create: (key, account) =>
      createStore({ path, key }, MIGRATIONS, (store) => store.account.save(account)),
    open: (key) => openStore({ path, key }),
    discard: () => {
      removeFiles(path)
      removeFiles(draftOf(path))
    },
  }
}

/**
 * Makes the database of a new profile and opens it. It is built under another name and appears whole or not at
 * all, with what `fill` puts into it; an existing file is left alone.
 */
export function createStore(
  { path, key }: StoreLocation,
  migrations: readonly Migration[] = MIGRATIONS,
  fill: (store: Store) => void = () => undefined,
): Result<Store, Failure<CreateStoreError>> {
  if (existsSync(path)) return err(failure('PROFILE_EXISTS'))
  const draft = draftOf(path)
  removeFiles(draft)
  // A log whose database is gone: the new database would take it for its own.
  rmSync(`${path}-wal`, { force: true })
  try {
    closeSync(openSync(draft, 'wx', 0o600))
    const connection = new Connection(draft, key)
    try {
      migrate(connection, migrations)
      fill(new SqliteStore(connection))
    } finally {
      connection.close()
    }
    renameSync(draft, path)
    syncFolder(dirname(path))
  } catch (error) {
    if (isDiskFull(error)) return err(failure('STORE_FULL', { cause: error }))
    throw error
  }
  const opened = openStore({ path, key }, migrations)
  if (opened.ok) return opened
  if (opened.error.code === 'STORE_FULL') return err(failure('STORE_FULL', opened.error))
  throw new Error('a new database does not open', { cause: opened.error.cause })
}

/**
 * Opens the database of a profile and brings its schema up to date. Never writes to a file that does not open
 * with this key, and never deletes one.
 */
export function openStore(
  { path, key }: StoreLocation,
  migrations: readonly Migration[] = MIGRATIONS,
): Result<Store, Failure<StoreOpenError>> {
  if (!existsSync(path)) return err(failure('PROFILE_MISSING'))
  if (!hasOurHeader(path)) return err(failure('STORE_DAMAGED'))
  let connection: Connection | null = null
  try {
    connection = new Connection(path, key)
    const migrated = migrate(connection, migrations)
    if (migrated.ok) return ok(new SqliteStore(connection))
    connection.close()
    return migrated
  } catch (error) {
    connection?.close()
    const code = openErrorCode(error)
    if (code === null) throw error
    return err(failure(code, { cause: error }))
  }
}

function draftOf(path: string): string {
  return `${path}.new`
}

function removeFiles(database: string): void {
  for (const file of [database, `${database}-wal`]) rmSync(file, { force: true })
}

function openErrorCode(error: unknown): StoreOpenError | null {
  if (!(error instanceof StoreError)) return null
  const sqliteCode = (error.cause as { readonly code?: unknown } | undefined)?.code
  // The first page does not verify, though its header is in order.
  if (sqliteCode === 'SQLITE_NOTADB') return 'STORE_KEY_WRONG'
  if (sqliteCode === 'SQLITE_BUSY') return 'PROFILE_IN_USE'
  return error.code === 'INTERNAL' ? null : error.code
}

function isDiskFull(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null)?.code
  return code === 'STORE_FULL' || code === 'ENOSPC'
}

/** Whether the file begins as ours do: the only plain bytes are the page's form. Tells damage from a wrong key. */
function hasOurHeader(path: string): boolean {
  const header = new Uint8Array(24)
  const file = openSync(path, 'r')
  try {
    if (readSync(file, header) < header.length) return false
  } finally {
    closeSync(file)
  }
  return PAGE_HEADER.every((byte, index) => header[16 + index] === byte)
}

/** Makes a rename durable. Windows offers no such call and needs none. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
