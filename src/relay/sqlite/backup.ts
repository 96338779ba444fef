import SQLite from 'better-sqlite3'
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import { MIGRATIONS_KNOWN } from './schema.ts'

/** A file that is no database of a relay, or a damaged one. */
export class DatabaseInvalidError extends Error {
  override readonly name = 'DatabaseInvalidError'
}

export interface DatabaseSummary {
  readonly accounts: number
  readonly waiting: number
  readonly version: number
}

/** Makes what was written to a file or a folder durable. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** A name beside `path` that nobody else uses. */
export function partialPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${encodeHex(randomBytes(6))}.partial`)
}

/** Moves a finished file to its place, durably. Windows cannot sync a folder, and does not need to. */
export function putInPlace(partial: string, path: string): void {
  renameSync(partial, path)
  if (process.platform !== 'win32') syncPath(dirname(path))
}

/**
 * Reads a database from end to end.
 * @throws DatabaseInvalidError where it is damaged, incomplete, of something else, or of a newer relay.
 */
export function inspectDatabase(path: string): DatabaseSummary {
  let database: SQLite.Database | null = null
  try {
    database = new SQLite(path, { readonly: true, fileMustExist: true })
    const damage = database.pragma('integrity_check(1)', { simple: true })
    if (damage !== 'ok') throw new DatabaseInvalidError(`${path} is damaged: ${String(damage)}.`)
    if (database.prepare('PRAGMA foreign_key_check').get() !== undefined) {
      throw new DatabaseInvalidError(`${path} is damaged: rows refer to what is not there.`)
    }
    const version = Number(database.pragma('user_version', { simple: true }))
    if (version > MIGRATIONS_KNOWN) {
      throw new DatabaseInvalidError(
        `${path} has version ${version}; this relay knows up to ${MIGRATIONS_KNOWN}. Use the relay that wrote it.`,
      )
    }
    const count = (sql: string): number =>
      Number((database?.prepare(sql).pluck().get() as number | null) ?? 0)
    return {
      version,
      accounts: count('SELECT count(*) FROM accounts'),
      waiting: count('SELECT sum(waiting) FROM devices'),
    }
  } catch (cause) {
    if (cause instanceof DatabaseInvalidError) throw cause
    throw new DatabaseInvalidError(`${path} is not the database of a relay.`, { cause })
  } finally {
    database?.close()
  }
}

/**
 * Copies a database that may be in use. The copy is one moment of it, whatever is written meanwhile: a reader of its
 * own, in a process of its own, so that the relay waits for nothing. It appears under its name only when it is whole,
 * checked and durable.
 * @throws DatabaseInvalidError; or what the system says, where nothing was written.
 */
export function backUpDatabase(from: string, to: string): DatabaseSummary {
  const partial = partialPath(to)
  const source = new SQLite(from, { readonly: true, fileMustExist: true })
  try {
    // Made first, empty and private: SQLite writes into it.
    closeSync(openSync(partial, 'wx', 0o600))
    source.prepare('VACUUM INTO ?').run(partial)
    chmodSync(partial, 0o600)
    syncPath(partial)
    const summary = inspectDatabase(partial)
    putInPlace(partial, to)
    return summary
  } finally {
    source.close()
    rmSync(partial, { force: true })
  }
}
