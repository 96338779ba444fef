import SQLite, { type Database } from 'better-sqlite3'
import { encodeUtf8 } from '#shared/bytes.ts'
import { migrate } from '../sqlite/schema.ts'
import { MOVED, movedTo } from '../sqlite/moved.ts'
import type { Row } from './row-digest.ts'
import { IDENTITIES, MOVED_TABLES, type MovedTable } from './tables.ts'

/** The file of a relay that does not run, held so that none can start on it. */
export class MoveSource {
  readonly #database: Database

  /** @throws Error with one plain sentence where it cannot be moved. */
  constructor(path: string) {
    const database = openAlone(path)
    try {
      migrate(database)
      const where = movedTo(database)
      if (where !== null) throw new Error(`This relay was moved to ${where} already.`)
      const unknown = unknownTable(database)
      if (unknown !== null) {
        throw new Error(`The relay's database holds a table that cannot be moved yet: ${unknown}.`)
      }
    } catch (cause) {
      database.close()
      throw cause
    }
    this.#database = database
  }

  /** All rows of a table in the order of its key, never many in memory. */
  rows({ name, columns, key, from = name }: MovedTable): IterableIterator<Row> {
    const sql = `SELECT ${Object.keys(columns).join(', ')} FROM ${from} ORDER BY ${key.join(', ')}`
    return this.#database.prepare<[], Row>(sql).iterate()
  }

  /** The last number that was given out for each identity, used or not; where the file forgets it, the largest. */
  identities(): readonly {
    readonly table: string
    readonly column: string
    readonly last: number
  }[] {
    const last = this.#database.prepare<[string], { seq: number }>(
      'SELECT seq FROM sqlite_sequence WHERE name = ?',
    )
    const largest = (table: string, column: string): number => {
      const sql = `SELECT ifnull(max(${column}), 0) AS seq FROM ${table}`
      return this.#database.prepare<[], { seq: number }>(sql).get()?.seq ?? 0
    }
    return IDENTITIES.map(({ table, column }) => ({
      table,
      column,
      last: last.get(table)?.seq ?? largest(table, column),
    }))
  }

  /** From now on no relay starts on the file. */
  markMoved(where: string): void {
    this.#database
      .prepare('INSERT INTO meta (name, value) VALUES (?, ?)')
      .run(MOVED, Buffer.from(encodeUtf8(where)))
  }

  close(): void {
    this.#database.close()
  }
}

function openAlone(path: string): Database {
  let database: Database
  try {
    database = new SQLite(path, { fileMustExist: true, timeout: 0 })
  } catch (cause) {
    throw new Error(`There is no relay's database at ${path}.`, { cause })
  }
  try {
    database.pragma('locking_mode = EXCLUSIVE')
    database.pragma('synchronous = FULL')
    // Takes the lock, which is then kept.
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    return database
  } catch (cause) {
    database.close()
    const busy = cause instanceof SQLite.SqliteError && cause.code.startsWith('SQLITE_BUSY')
    throw busy ? new Error('The relay still runs: end it first.', { cause }) : cause
  }
}

/** A table that would be left behind; `null` where there is none. */
function unknownTable(database: Database): string | null {
  const known = new Set(MOVED_TABLES.map(({ name, from = name }) => from.split(' ')[0]))
  const tables = database
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
  return tables.find(({ name }) => !name.startsWith('sqlite_') && !known.has(name))?.name ?? null
}
