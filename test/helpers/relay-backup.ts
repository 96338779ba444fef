import SQLite from 'better-sqlite3'
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Copies the database of a relay that may be running, without telling it. */
export function copyDatabase(dataDir: string, copy: string): void {
  rmSync(copy, { force: true })
  const database = new SQLite(join(dataDir, 'relay.db'), { readonly: true })
  try {
    database.prepare('VACUUM INTO ?').run(copy)
  } finally {
    database.close()
  }
}

/** Puts a copy in the place of a stopped relay's database, without a word to anybody. */
export function putBack(dataDir: string, copy: string): void {
  for (const file of ['relay.db', 'relay.db-wal', 'relay.db-shm']) {
    rmSync(join(dataDir, file), { force: true })
  }
  copyFileSync(copy, join(dataDir, 'relay.db'))
}
