import { mkdirSync, statSync } from 'node:fs'
import { rm, stat, statfs, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCode, systemReason } from './system-error.ts'

// The files of a relay's folder, beside the socket and the lock.

const DATABASE_FILE = 'relay.db'
/** By which an older copy of the database is recognised (RELAY-API §9). */
const ERA_FILE = 'relay.era'
/** Its time of change is the time of the last backup, for the metrics. */
const BACKUP_MARK = 'last-backup'

export function databasePath(folder: string): string {
  return join(folder, DATABASE_FILE)
}

export function eraPath(folder: string): string {
  return join(folder, ERA_FILE)
}

/**
 * Makes a folder for the relay's user alone, and those above it, where there is none.
 * @throws Error with a sentence for the operator where it cannot be had.
 */
export function makeFolder(folder: string): void {
  try {
    makeFolders(folder)
  } catch (cause) {
    throw new Error(`The folder ${folder} cannot be used: ${systemReason(cause)}.`, { cause })
  }
}

/**
 * Makes a folder for this user alone, and those above it: not by `mkdirSync`'s own recursion, which goes on for ever below
 * `/proc`.
 * @throws the system's error.
 */
export function makeFolders(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT' && dirname(folder) !== folder) {
      makeFolders(dirname(folder))
      mkdirSync(folder, { mode: 0o700 })
    } else if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw cause
  }
}

/** @returns `null` where no backup was made, or the folder cannot be read. */
export async function lastBackupMs(folder: string): Promise<number | null> {
  try {
    return (await stat(join(folder, BACKUP_MARK))).mtimeMs
  } catch {
    return null
  }
}

/** Notes a backup. A folder that only the relay may write to stays as it is: then the metric is missing. */
export async function markBackup(folder: string): Promise<void> {
  const path = join(folder, BACKUP_MARK)
  // Anew: one that another user's backup has left could not be written.
  await rm(path, { force: true })
    .then(() => writeFile(path, '', { mode: 0o600 }))
    .catch(() => undefined)
}

/** Bytes that the relay may still use on the disk of its folder. */
export async function diskFreeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return null
  }
}
