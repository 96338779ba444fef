import type { PrekeyKind, StoredPrekey } from '#core/model.ts'
import type { PrekeyTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, integer, integerOrNull, localId, oneOf } from './row.ts'

const KINDS: readonly PrekeyKind[] = ['signed', 'one-time', 'kem-last-resort', 'kem-one-time']

export class SqlitePrekeyTable implements PrekeyTable {
  readonly #connection: Connection
  readonly #add: Statement
  readonly #raiseId: Statement
  readonly #get: Statement
  readonly #list: Statement
  readonly #highestId: Statement
  readonly #retire: Statement
  readonly #remove: Statement

  constructor(connection: Connection) {
    this.#connection = connection
    this.#add = connection.statement(`
      INSERT INTO prekeys VALUES (
        @kind, @id, @privateKey, @publicKey, @signature, @createdAtMs, @retiredAtMs
      )`)
    this.#raiseId = connection.statement(`
      INSERT INTO prekey_ids (kind, highest) VALUES (@kind, @id)
      ON CONFLICT DO UPDATE SET highest = max(highest, excluded.highest)`)
    this.#get = connection.statement('SELECT * FROM prekeys WHERE kind = ? AND id = ?')
    this.#list = connection.statement(
      'SELECT * FROM prekeys WHERE kind = ? ORDER BY created_at_ms, id',
    )
    this.#highestId = connection.statement('SELECT highest FROM prekey_ids WHERE kind = ?')
    this.#retire = connection.statement(
      'UPDATE prekeys SET retired_at_ms = ? WHERE kind = ? AND id = ?',
    )
    this.#remove = connection.statement('DELETE FROM prekeys WHERE kind = ? AND id = ?')
  }

  add(prekeys: readonly StoredPrekey[]): void {
    this.#connection.atomically(() => {
      for (const prekey of prekeys) {
        this.#add.run({ ...prekey })
        this.#raiseId.run({ kind: prekey.kind, id: prekey.id })
      }
    })
  }

  get(kind: PrekeyKind, id: number): StoredPrekey | null {
    const row = this.#get.get(kind, id)
    return row === undefined ? null : toPrekey(row)
  }

  list(kind: PrekeyKind): StoredPrekey[] {
    return this.#list.all(kind).map(toPrekey)
  }

  /** The highest id that was ever given, also where that key is gone; 0 where there was none. */
  highestId(kind: PrekeyKind): number {
    const row = this.#highestId.get(kind)
    return row === undefined ? 0 : integer(row, 'highest')
  }

  retire(kind: PrekeyKind, id: number, atMs: number): void {
    this.#retire.run(atMs, kind, id)
  }

  remove(kind: PrekeyKind, id: number): void {
    this.#remove.run(kind, id)
  }
}

function toPrekey(row: Row): StoredPrekey {
  return {
    kind: oneOf(row, 'kind', KINDS),
    id: localId(row, 'id'),
    privateKey: bytes(row, 'private_key'),
    publicKey: bytes(row, 'public_key'),
    signature: bytes(row, 'signature'),
    createdAtMs: integer(row, 'created_at_ms'),
    retiredAtMs: integerOrNull(row, 'retired_at_ms'),
  }
}
