import type { ContactId, StoredSession } from '#core/model.ts'
import type { SessionTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, flag, integer, localId } from './row.ts'

export class SqliteSessionTable implements SessionTable {
  readonly #connection: Connection
  readonly #dethrone: Statement
  readonly #save: Statement
  readonly #get: Statement
  readonly #list: Statement
  readonly #current: Statement
  readonly #remove: Statement
  readonly #removeAll: Statement
  readonly #rememberHandshake: Statement
  readonly #knowsHandshake: Statement
  readonly #contactOfHandshake: Statement
  readonly #forgetHandshakes: Statement

  constructor(connection: Connection) {
    this.#connection = connection
    this.#dethrone = connection.statement(`
      UPDATE sessions SET current = 0
      WHERE contact_id = ? AND device_id = ? AND current = 1 AND id <> ?`)
    this.#save = connection.statement(`
      INSERT INTO sessions VALUES (
        @id, @contactId, @deviceId, @state, @createdAtMs, @lastUsedAtMs, @current
      )
      ON CONFLICT (id) DO UPDATE SET
        contact_id = excluded.contact_id, device_id = excluded.device_id, state = excluded.state,
        created_at_ms = excluded.created_at_ms, last_used_at_ms = excluded.last_used_at_ms,
        current = excluded.current`)
    this.#get = connection.statement('SELECT * FROM sessions WHERE id = ?')
    this.#list = connection.statement(`
      SELECT * FROM sessions WHERE contact_id = ?
      ORDER BY current DESC, last_used_at_ms DESC, rowid DESC`)
    this.#current = connection.statement(
      'SELECT * FROM sessions WHERE contact_id = ? AND device_id = ? AND current = 1',
    )
    this.#remove = connection.statement('DELETE FROM sessions WHERE id = ?')
    this.#removeAll = connection.statement('DELETE FROM sessions WHERE contact_id = ?')
    this.#rememberHandshake = connection.statement(
      `INSERT OR IGNORE INTO handshakes (id, signed_prekey_id, at_ms, contact_id)
      VALUES (?, ?, ?, ?)`,
    )
    this.#knowsHandshake = connection.statement('SELECT 1 FROM handshakes WHERE id = ?')
    this.#contactOfHandshake = connection.statement(
      'SELECT contact_id FROM handshakes WHERE id = ? AND contact_id IS NOT NULL',
    )
    this.#forgetHandshakes = connection.statement(
      'DELETE FROM handshakes WHERE signed_prekey_id = ?',
    )
  }

  save(session: StoredSession): void {
    this.#connection.atomically(() => {
      if (session.current) this.#dethrone.run(session.contactId, session.deviceId, session.id)
      this.#save.run({ ...session, current: Number(session.current) })
    })
  }

  get(id: Uint8Array): StoredSession | null {
    return toSessionOrNull(this.#get.get(id))
  }

  list(contactId: ContactId): StoredSession[] {
    return this.#list.all(contactId).map(toSession)
  }

  current(contactId: ContactId, deviceId: number): StoredSession | null {
    return toSessionOrNull(this.#current.get(contactId, deviceId))
  }

  remove(id: Uint8Array): void {
    this.#remove.run(id)
  }

  removeAll(contactId: ContactId): void {
    this.#removeAll.run(contactId)
  }

  rememberHandshake(
    handshakeId: Uint8Array,
    contactId: ContactId,
    signedPrekeyId: number,
    atMs: number,
  ): void {
    this.#rememberHandshake.run(handshakeId, signedPrekeyId, atMs, contactId)
  }

  knowsHandshake(handshakeId: Uint8Array): boolean {
    return this.#knowsHandshake.get(handshakeId) !== undefined
  }

  contactOfHandshake(handshakeId: Uint8Array): ContactId | null {
    const row = this.#contactOfHandshake.get(handshakeId)
    return row === undefined ? null : localId(row, 'contact_id')
  }

  forgetHandshakes(signedPrekeyId: number): void {
    this.#forgetHandshakes.run(signedPrekeyId)
  }
}

function toSessionOrNull(row: Row | undefined): StoredSession | null {
  return row === undefined ? null : toSession(row)
}

function toSession(row: Row): StoredSession {
  return {
    id: bytes(row, 'id'),
    contactId: localId(row, 'contact_id'),
    deviceId: integer(row, 'device_id'),
    state: bytes(row, 'state'),
    createdAtMs: integer(row, 'created_at_ms'),
    lastUsedAtMs: integer(row, 'last_used_at_ms'),
    current: flag(row, 'current'),
  }
}
