import SQLite from 'better-sqlite3'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { RelayStorage } from '#relay/storage.ts'
import { batchConformance } from './batch-conformance.ts'

const folder = mkdtempSync(join(tmpdir(), 'sotto-batches-'))
const paths = new WeakMap<RelayStorage, string>()
let files = 0
afterAll(() => rmSync(folder, { recursive: true }))

function open(): RelayStorage {
  const path = join(folder, `${(files += 1)}.db`)
  const storage = openSqliteStorage({
    path,
    onFatal: (cause) => {
      throw cause
    },
  })
  paths.set(storage, path)
  return storage
}

function countBodies(storage: RelayStorage): number {
  const database = new SQLite(paths.get(storage) ?? '', { readonly: true })
  try {
    return Number(database.prepare('SELECT count(*) FROM shared_bodies').pluck().get())
  } finally {
    database.close()
  }
}

batchConformance('SQLite', open, countBodies)
