import type { Invite } from '#core/model.ts'
import type { InviteTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, flag, integer, localIdOrNull } from './row.ts'

export class SqliteInviteTable implements InviteTable {
  readonly #add: Statement
  readonly #byLabel: Statement
  readonly #list: Statement
  readonly #update: Statement
  readonly #remove: Statement

  constructor(connection: Connection) {
    this.#add = connection.statement(
      'INSERT INTO invites VALUES (@label, @token, @createdAtMs, @expiresAtMs, @registered, @usedBy)',
    )
    this.#byLabel = connection.statement('SELECT * FROM invites WHERE label = ?')
    this.#list = connection.statement('SELECT * FROM invites ORDER BY created_at_ms, rowid')
    this.#update = connection.statement(
      'UPDATE invites SET registered = @registered, used_by = @usedBy WHERE label = @label',
    )
    this.#remove = connection.statement('DELETE FROM invites WHERE label = ?')
  }

  add(invite: Invite): void {
    this.#add.run({ ...invite, registered: Number(invite.registered) })
  }

  byLabel(label: Uint8Array): Invite | null {
    const row = this.#byLabel.get(label)
    return row === undefined ? null : toInvite(row)
  }

  list(): Invite[] {
    return this.#list.all().map(toInvite)
  }

  update(label: Uint8Array, change: Partial<Pick<Invite, 'registered' | 'usedBy'>>): void {
    const invite = this.byLabel(label)
    if (invite === null) throw new RangeError('no such invite')
    const { registered, usedBy } = { ...invite, ...change }
    this.#update.run({ registered: Number(registered), usedBy, label })
  }

  remove(label: Uint8Array): void {
    this.#remove.run(label)
  }
}

function toInvite(row: Row): Invite {
  return {
    label: bytes(row, 'label'),
    token: bytes(row, 'token'),
    createdAtMs: integer(row, 'created_at_ms'),
    expiresAtMs: integer(row, 'expires_at_ms'),
    registered: flag(row, 'registered'),
    usedBy: localIdOrNull(row, 'used_by'),
  }
}
