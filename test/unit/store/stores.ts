import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Store } from '#core/ports.ts'
import { Connection } from '#store/connection.ts'
import { migrate } from '#store/migrate.ts'
import { MIGRATIONS } from '#store/migrations/list.ts'
import { SqliteStore } from '#store/sqlite-store.ts'
import { createStore } from '#store/store.ts'
import { valueOf } from '#test/helpers/value-of.ts'

export const KEY = new Uint8Array(32).map((_, index) => index)

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-store-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  return folder
}

/** A new encrypted store that goes with the test. */
export function newStore(path = join(temporaryFolder(), 'sotto.db')): Store {
  const store = valueOf(createStore({ path, key: KEY }))
  onTestFinished(() => {
    store.close()
  })
  return store
}

/** A store whose file is not encrypted, so that its bytes can be searched; and its connection. */
export function newPlainStore(path: string): { store: SqliteStore; connection: Connection } {
  const connection = new Connection(path, null)
  valueOf(migrate(connection, MIGRATIONS))
  return { store: new SqliteStore(connection), connection }
}
