import SQLite from 'better-sqlite3'
import type { RelayConfig } from './config.ts'
import { databasePath, eraPath, makeFolder } from './data-folder.ts'
import { parseDatabaseUrl } from './postgres/database-url.ts'
import { openPostgresStorage } from './postgres/storage.ts'
import { openSqliteStorage } from './sqlite/storage.ts'
import type { RelayStorage } from './storage.ts'

/** What says where a relay keeps everything: in a cluster, in the file of a folder, or in memory. */
export type StoragePlace = Pick<RelayConfig, 'dataDir' | 'database' | 'withoutStandbys' | 'wakeUp'>

export interface OpenStorageOptions {
  /** The database cannot be trusted any more: the process should end. */
  readonly onFatal: (cause: unknown) => void
  /** Called after each commit with how many changes it had and how long it took. */
  readonly onCommit?: (changes: number, seconds: number) => void
  /** A sentence for the operator's log. */
  readonly log: (event: string) => void
  /** Whether an older copy of a file is recognised: not beside a relay that may be running. */
  readonly recognisesCopies: boolean
}

/**
 * Opens the engine that a configuration asks for.
 * @param place - from `relayConfig` of `config.ts`, so that its database is a valid URL.
 * @throws Error with one plain sentence where it cannot be used as it is.
 */
export async function openStorage(
  place: StoragePlace,
  { onFatal, onCommit, log, recognisesCopies }: OpenStorageOptions,
): Promise<RelayStorage> {
  const { dataDir, database, withoutStandbys, wakeUp } = place
  const hooks = { onFatal, ...(onCommit && { onCommit }) }
  if (database !== null) {
    const address = parseDatabaseUrl(database)
    if (!address.ok) throw new TypeError('the configuration was not checked')
    const commits = onCommit && { onCommit }
    return openPostgresStorage({ address: address.value, withoutStandbys, wakeUp, log, ...commits })
  }
  if (dataDir === null) return openSqliteStorage({ path: ':memory:', ...hooks })
  makeFolder(dataDir)
  const era = recognisesCopies ? { eraFile: eraPath(dataDir) } : {}
  const path = databasePath(dataDir)
  try {
    return openSqliteStorage({ path, ...era, ...hooks })
  } catch (cause) {
    throw openFailure(path, cause)
  }
}

function openFailure(path: string, cause: unknown): unknown {
  if (!(cause instanceof SQLite.SqliteError)) return cause
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(cause.code)) {
    return new Error(
      `${path} is damaged, or not the database of a relay. Nothing was changed: bring a backup back with "relay restore".`,
      { cause },
    )
  }
  if (/^SQLITE_(CANTOPEN|READONLY|PERM)/.test(cause.code)) {
    return new Error(`${path} cannot be opened. Check that it is a file, and yours to write.`, {
      cause,
    })
  }
  return cause
}
