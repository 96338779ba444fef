import {
  chmodSync,
  copyFileSync,
  constants,
  existsSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import {
  DatabaseInvalidError,
  inspectDatabase,
  partialPath,
  putInPlace,
  syncPath,
  type DatabaseSummary,
} from './backup.ts'
import { openSqliteStorage } from './storage.ts'

/** SQLite's files of one database: the file, its write-ahead log, and the index of that. */
const PARTS = ['', '-wal', '-shm'] as const

export interface Restored extends DatabaseSummary {
  /** Where the database lies that was there before; `null` where there was none. */
  readonly keptAs: string | null
}

/**
 * Puts a backup in the place of a relay's database, brought to this relay's version and made safe to serve
 * (RELAY-API §10). What was there before is kept beside it. Interrupted at any point, the old or the new one is in
 * place, or the old one lies beside an empty place.
 * @param to - path of the database; the caller holds the lock of its folder.
 * @throws DatabaseInvalidError where the backup is not a good one; nothing has changed then.
 */
export async function restoreDatabase(from: string, to: string, nowMs: number): Promise<Restored> {
  refuseLog(from)
  inspectDatabase(from)
  const partial = partialPath(to)
  try {
    copyFileSync(from, partial, constants.COPYFILE_EXCL)
    chmodSync(partial, 0o600)
    const storage = openSqliteStorage({
      path: partial,
      onFatal: (cause) => {
        throw cause
      },
    })
    try {
      await storage.markRestored(nowMs)
    } finally {
      // Also copies the write-ahead log back, and removes it.
      await storage.close()
    }
    const summary = inspectDatabase(partial)
    removeLogs(partial)
    syncPath(partial)
    const keptAs = setAside(to, nowMs)
    putInPlace(partial, to)
    return { ...summary, keptAs }
  } finally {
    for (const part of PARTS) rmSync(`${partial}${part}`, { force: true })
  }
}

/** A database with a log was copied by other means: without it, changes would be missing. */
function refuseLog(path: string): void {
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false })
  if (log === undefined || log.size === 0) return
  throw new DatabaseInvalidError(
    `${path} has a write-ahead log beside it: it is no backup of "relay backup".`,
  )
}

/** What reading it has left: nothing is in them. */
function removeLogs(path: string): void {
  for (const part of PARTS) if (part !== '') rmSync(`${path}${part}`, { force: true })
}

/**
 * Also a log alone, which a restore that was interrupted here has left: it must never meet another database.
 * @returns where it lies; `null` where there was nothing.
 */
function setAside(path: string, nowMs: number): string | null {
  const found = PARTS.filter((part) => existsSync(`${path}${part}`))
  if (found.length === 0) return null
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const kept = `${path}.before-restore-${stamp}`
  if (existsSync(kept)) throw new Error(`${kept} is there already: wait a second, then try again.`)
  // The database before its log: alone at its place, it would lack its last changes.
  for (const part of found) renameSync(`${path}${part}`, `${kept}${part}`)
  return kept
}
