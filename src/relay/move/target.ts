import type { Client } from 'pg'
import { describeDatabase, type DatabaseAddress } from '../postgres/database-url.ts'
import { patientClient } from '../postgres/primary.ts'
import { checkVersion } from '../postgres/schema.ts'
import { RowDigest, type Row } from './row-digest.ts'
import { MOVED_TABLES, type ColumnType, type MovedTable } from './tables.ts'

const FETCHED_ROWS = 500

/** The cluster, in one transaction: all of the move or nothing. */
export class MoveTarget {
  readonly where: string
  readonly #client: Client
  #warned = false

  private constructor(client: Client, where: string) {
    this.#client = client
    this.where = where
    client.on('notice', ({ code }) => {
      if (code !== '00000') this.#warned = true
    })
  }

  /** @throws Error with one plain sentence where it cannot be used. */
  static async open(address: DatabaseAddress): Promise<MoveTarget> {
    const client = await patientClient(address)
    client.on('error', () => undefined)
    await client.connect()
    try {
      await checkVersion(client, address)
      await client.query('BEGIN')
      // A relay that starts meanwhile waits for its secret.
      await client.query('LOCK TABLE meta IN ACCESS EXCLUSIVE MODE')
      return new MoveTarget(client, describeDatabase(address))
    } catch (cause) {
      await client.end()
      throw cause
    }
  }

  async isEmpty(): Promise<boolean> {
    for (const { name } of MOVED_TABLES) {
      const { rows } = await this.#client.query(`SELECT 1 FROM ${name} LIMIT 1`)
      if (rows.length > 0) return false
    }
    return true
  }

  /** The secret that tells relays apart; `null` before one has started. */
  async secret(): Promise<Uint8Array | null> {
    const sql = "SELECT value FROM meta WHERE name = 'secret'"
    return (await this.#client.query<{ value: Uint8Array }>(sql)).rows[0]?.value ?? null
  }

  async insert({ name, columns }: MovedTable, rows: readonly Row[]): Promise<void> {
    const names = Object.keys(columns)
    const arrays = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`)
    await this.#client.query({
      name: `insert ${name}`,
      text: `INSERT INTO ${name} (${names.join(', ')}) SELECT * FROM unnest(${arrays.join(', ')})`,
      values: Object.entries(columns).map(([column, type]) =>
        rows.map((row) => columnValue(type, row[column])),
      ),
    })
  }

  async setIdentity(table: string, column: string, last: number): Promise<void> {
    if (last === 0) return
    await this.#client.query('SELECT setval(pg_get_serial_sequence($1, $2), $3)', [
      `sotto.${table}`,
      column,
      last,
    ])
  }

  /** Reads a table back, in the order of its key. */
  async digest(table: MovedTable): Promise<RowDigest> {
    const { name, columns, key } = table
    const order = key.map((column) =>
      columns[column] === 'text' ? `${column} COLLATE "C"` : column,
    )
    const digest = new RowDigest(table)
    await this.#client.query(
      `DECLARE moved NO SCROLL CURSOR FOR SELECT ${Object.keys(columns).join(', ')} FROM ${name} ORDER BY ${order.join(', ')}`,
    )
    for (;;) {
      const { rows } = await this.#client.query<Row>(`FETCH ${FETCHED_ROWS} FROM moved`)
      for (const row of rows) digest.add(row)
      if (rows.length < FETCHED_ROWS) break
    }
    await this.#client.query('CLOSE moved')
    return digest
  }

  /** @throws Error where it is not known that standbys have it all. */
  async commit(): Promise<void> {
    await this.#client.query("SELECT pg_logical_emit_message(true, 'sotto', '')")
    const { command } = await this.#client.query('COMMIT')
    if (command !== 'COMMIT' || this.#warned) {
      throw new Error(
        'The database did not confirm the move: repeat it, which checks what is there.',
      )
    }
  }

  /** Ends the connection; what was not committed never happened. */
  close(): Promise<void> {
    return this.#client.end()
  }
}

function columnValue(type: ColumnType, value: unknown): unknown {
  return type === 'boolean' ? value === 1 : value
}
