import { fileURLToPath } from 'node:url'
import SQLite from 'better-sqlite3'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import { fillFixture } from './fixture.ts'

// Writes the fixture of this schema version, once, before it is released. Existing ones stay as they are.
const [version] = process.argv.slice(2)
if (version === undefined || !/^\d+$/.test(version)) throw new Error('say which version this is')
const path = fileURLToPath(new URL(`../../fixtures/relay/v${version}.db`, import.meta.url))
const storage = openSqliteStorage({
  path,
  onFatal: (cause) => {
    throw cause
  },
})
await fillFixture(storage)
await storage.close()
// One file, without a write-ahead log beside it.
const database = new SQLite(path)
if (String(database.pragma('user_version', { simple: true })) !== version) {
  throw new Error(`the schema is not of version ${version}`)
}
database.pragma('journal_mode = DELETE')
database.close()
