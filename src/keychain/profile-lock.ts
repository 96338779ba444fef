import Database from 'better-sqlite3'
import { join } from 'node:path'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'

const LOCK_FILE = 'profile.lock'

type LockError = 'PROFILE_IN_USE' | 'PROFILE_UNUSABLE' | 'STORE_FULL'

/** Referenced as long as they are held: a collected connection would let go of its lock. */
const held = new Set<Database.Database>()

/** The right of one process to use a profile. */
export interface ProfileLock {
  /** Lets others in; again does nothing. */
  release(): void
}

/**
 * Takes a profile for this process. The lock is the operating system's (SQLite's on an empty file, the same on every
 * platform): it ends with the process, however that ends, and leaves nothing behind that could be stale.
 * @param folder - of the profile; must exist.
 */
export function lockProfile(folder: string): Result<ProfileLock, Failure<LockError>> {
  let file: Database.Database | null = null
  try {
    file = new Database(join(folder, LOCK_FILE), { timeout: 0 })
    // The journal stays in memory: a read-only disk is told from a profile in use, and no second file appears.
    file.pragma('journal_mode = MEMORY')
    file.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    file?.close()
    return err(failure(lockError(cause), { cause }))
  }
  const lock = file
  held.add(lock)
  const release = (): void => {
    held.delete(lock)
    lock.close()
  }
  return ok({ release })
}

function lockError(cause: unknown): LockError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code.startsWith('SQLITE_BUSY')) return 'PROFILE_IN_USE'
  return code === 'SQLITE_FULL' ? 'STORE_FULL' : 'PROFILE_UNUSABLE'
}
