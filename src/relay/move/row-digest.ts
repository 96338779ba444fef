import { sha256 } from '#crypto/primitives.ts'
import { concatBytes, encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import type { ColumnType, MovedTable } from './tables.ts'

/** A row as one of the databases gives it. */
export type Row = Readonly<Record<string, unknown>>

function encodeValue(type: ColumnType, value: unknown): Uint8Array {
  if (value === null) return encodeUtf8('null;')
  if (type === 'bytea' && value instanceof Uint8Array) {
    return concatBytes(encodeUtf8(`bytes ${value.length}:`), value)
  }
  if (type === 'text' && typeof value === 'string') {
    const text = encodeUtf8(value)
    return concatBytes(encodeUtf8(`text ${text.length}:`), text)
  }
  // The file has no truth values: it keeps 0 and 1.
  if (type === 'boolean') return encodeUtf8(`${Number(value)};`)
  if (type === 'bigint' && typeof value === 'number') return encodeUtf8(`${value};`)
  throw new TypeError(`a ${type} column holds something else`)
}

/** Counts rows and sums them up, so that two tables with the same rows in the same order have the same digest. */
export class RowDigest {
  rows = 0
  readonly #columns: readonly (readonly [string, ColumnType])[]
  #digest: Uint8Array

  constructor(table: MovedTable) {
    this.#columns = Object.entries(table.columns)
    this.#digest = sha256(encodeUtf8(table.name))
  }

  add(row: Row): void {
    const values = this.#columns.map(([name, type]) => encodeValue(type, row[name]))
    this.#digest = sha256(concatBytes(this.#digest, ...values))
    this.rows += 1
  }

  /** 64 hexadecimal digits. */
  get digest(): string {
    return encodeHex(this.#digest)
  }
}
