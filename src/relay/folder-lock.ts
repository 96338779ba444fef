import SQLite, { type Database } from 'better-sqlite3'
import { join } from 'node:path'
import { makeFolder } from './data-folder.ts'

const LOCK_FILE = 'relay.lock'

/** Referenced as long as they are held: a collected connection would let go of its lock. */
const held = new Set<Database>()

/** The right of one process to use a relay's folder. */
export interface FolderLock {
  /** Lets others in; again does nothing. */
  release(): void
}

function openLockFile(path: string): Database {
  try {
    return new SQLite(path, { timeout: 0 })
  } catch (cause) {
    throw new Error(`The file ${path} cannot be opened. Check that it is yours to write.`, {
      cause,
    })
  }
}

/**
 * Takes a relay's folder for this process, and makes it where there is none. The lock is the operating system's
 * (SQLite's on an empty file): it ends with the process, however that ends, and leaves nothing that could be stale.
 * @returns `null` where another process has it.
 * @throws Error with a sentence for the operator where the folder cannot be used.
 */
export function lockFolder(folder: string): FolderLock | null {
  makeFolder(folder)
  const file = openLockFile(join(folder, LOCK_FILE))
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
