import SQLite, { type Database } from 'better-sqlite3'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

const LOCK_FILE = 'relay.lock'

/** Referenced as long as they are held: a collected connection would let go of its lock. */
const held = new Set<Database>()

/** The right of one process to use a relay's folder. */
export interface FolderLock {
  /** Lets others in; again does nothing. */
  release(): void
}

/**
 * Takes a relay's folder for this process, and makes it where there is none. The lock is the operating system's
 * (SQLite's on an empty file): it ends with the process, however that ends, and leaves nothing that could be stale.
 * @returns `null` where another process has it.
 * @throws what the system says where the folder cannot be used.
 */
export function lockFolder(folder: string): FolderLock | null {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = new SQLite(join(folder, LOCK_FILE), { timeout: 0 })
  try {
    file.pragma('journal_mode = MEMORY')
    file.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    file.close()
    if (cause instanceof SQLite.SqliteError && cause.code.startsWith('SQLITE_BUSY')) return null
    throw cause
  }
  held.add(file)
  const release = (): void => {
    held.delete(file)
    file.close()
  }
  return { release }
}
