import type { SettingsTable } from '#core/ports.ts'
import type { Connection, Statement } from './connection.ts'
import { text } from './row.ts'

export class SqliteSettingsTable implements SettingsTable {
  readonly #get: Statement
  readonly #set: Statement

  constructor(connection: Connection) {
    this.#get = connection.statement('SELECT value FROM settings WHERE name = ?')
    this.#set = connection.statement('INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)')
  }

  /** `undefined` where it was never set. */
  get(name: string): unknown {
    const row = this.#get.get(name)
    return row === undefined ? undefined : (JSON.parse(text(row, 'value')) as unknown)
  }

  set(name: string, value: unknown): void {
    const json = JSON.stringify(value) as string | undefined
    if (json === undefined) throw new TypeError('a setting is a JSON value')
    this.#set.run(name, json)
  }
}
