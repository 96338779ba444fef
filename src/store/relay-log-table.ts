import type { ContactId } from '#core/model.ts'
import type {
  CheckpointClaim,
  FollowedName,
  RelayLog,
  RelayLogTable,
  SignedHead,
} from '#core/relay-log-ports.ts'
import type { Address } from '#protocol/address.ts'
import { DISTRUST_REASONS } from '#shared/views.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, bytesOrNull, integer, localId, oneOf, text } from './row.ts'

interface OwnList {
  readonly version: number
  readonly bytes: Uint8Array
}

export class SqliteRelayLogTable implements RelayLogTable {
  readonly #connection: Connection
  readonly #get: Statement
  readonly #list: Statement
  readonly #save: Statement
  readonly #followed: Statement
  readonly #listFollowed: Statement
  readonly #follow: Statement
  readonly #unfollow: Statement
  readonly #ownList: Statement
  readonly #saveOwnList: Statement
  readonly #addClaim: Statement
  readonly #listClaims: Statement
  readonly #removeClaim: Statement
  readonly #told: Statement
  readonly #setTold: Statement
  readonly #forget: readonly Statement[]

  constructor(connection: Connection) {
    this.#connection = connection
    this.#get = connection.statement('SELECT * FROM relay_logs WHERE host = ?')
    this.#list = connection.statement('SELECT * FROM relay_logs ORDER BY host')
    this.#save = connection.statement(
      `INSERT OR REPLACE INTO relay_logs VALUES (@host, @key, @checkpoint, @reason, @atMs,
        @knownKey, @known, @seenKey, @seen)`,
    )
    this.#followed = connection.statement('SELECT * FROM followed_names WHERE address = ?')
    this.#listFollowed = connection.statement('SELECT * FROM followed_names ORDER BY address')
    this.#follow = connection.statement(
      'INSERT OR REPLACE INTO followed_names VALUES (@address, @size, @count, @value)',
    )
    this.#unfollow = connection.statement('DELETE FROM followed_names WHERE address = ?')
    this.#ownList = connection.statement('SELECT * FROM own_device_list')
    this.#saveOwnList = connection.statement(
      'INSERT OR REPLACE INTO own_device_list VALUES (1, @version, @bytes)',
    )
    this.#addClaim = connection.statement(
      'INSERT OR REPLACE INTO checkpoint_claims VALUES (@contactId, @host, @key, @checkpoint)',
    )
    this.#listClaims = connection.statement(
      'SELECT * FROM checkpoint_claims ORDER BY contact_id, host',
    )
    this.#removeClaim = connection.statement(
      'DELETE FROM checkpoint_claims WHERE contact_id = ? AND host = ?',
    )
    this.#told = connection.statement(
      'SELECT checkpoint FROM told_checkpoints WHERE contact_id = ? AND host = ?',
    )
    this.#setTold = connection.statement(
      'INSERT OR REPLACE INTO told_checkpoints VALUES (@contactId, @host, @checkpoint)',
    )
    this.#forget = [
      'DELETE FROM relay_logs WHERE host = ?',
      'DELETE FROM checkpoint_claims WHERE host = ?',
      'DELETE FROM told_checkpoints WHERE host = ?',
      "DELETE FROM followed_names WHERE substr(address, instr(address, '@') + 1) = ?",
    ].map((sql) => connection.statement(sql))
  }

  get(host: string): RelayLog | null {
    const row = this.#get.get(host)
    return row === undefined ? null : toRelayLog(row)
  }

  list(): RelayLog[] {
    return this.#list.all().map(toRelayLog)
  }

  save({ host, key, checkpoint, distrust }: RelayLog): void {
    const { known = null, seen = null } = distrust?.evidence ?? {}
    this.#save.run({
      host,
      key,
      checkpoint,
      reason: distrust?.reason ?? null,
      atMs: distrust?.atMs ?? null,
      knownKey: known?.key ?? null,
      known: known?.checkpoint ?? null,
      seenKey: seen?.key ?? null,
      seen: seen?.checkpoint ?? null,
    })
  }

  forget(host: string): void {
    this.#connection.transaction(() => {
      for (const statement of this.#forget) statement.run(host)
    })
  }

  followed(address: Address): FollowedName | null {
    const row = this.#followed.get(address)
    return row === undefined ? null : toFollowed(row)
  }

  listFollowed(): FollowedName[] {
    return this.#listFollowed.all().map(toFollowed)
  }

  follow({ address, size, head }: FollowedName): void {
    this.#follow.run({ address, size, count: head.count, value: head.value })
  }

  unfollow(address: Address): void {
    this.#unfollow.run(address)
  }

  ownList(): OwnList | null {
    const row = this.#ownList.get()
    return row === undefined
      ? null
      : { version: integer(row, 'version'), bytes: bytes(row, 'device_list') }
  }

  saveOwnList({ version, bytes: list }: OwnList): void {
    this.#saveOwnList.run({ version, bytes: list })
  }

  addClaim({ contactId, host, key, checkpoint }: CheckpointClaim): void {
    this.#addClaim.run({ contactId, host, key, checkpoint })
  }

  listClaims(): CheckpointClaim[] {
    return this.#listClaims.all().map((row) => ({
      contactId: localId<ContactId>(row, 'contact_id'),
      host: text(row, 'host'),
      key: bytes(row, 'log_key'),
      checkpoint: bytes(row, 'checkpoint'),
    }))
  }

  removeClaim(contactId: ContactId, host: string): void {
    this.#removeClaim.run(contactId, host)
  }

  told(contactId: ContactId, host: string): Uint8Array | null {
    const row = this.#told.get(contactId, host)
    return row === undefined ? null : bytes(row, 'checkpoint')
  }

  setTold(contactId: ContactId, host: string, checkpoint: Uint8Array): void {
    this.#setTold.run({ contactId, host, checkpoint })
  }
}

function toRelayLog(row: Row): RelayLog {
  return {
    host: text(row, 'host'),
    key: bytes(row, 'log_key'),
    checkpoint: bytes(row, 'checkpoint'),
    distrust:
      row['distrust_reason'] === null
        ? null
        : {
            reason: oneOf(row, 'distrust_reason', DISTRUST_REASONS),
            atMs: integer(row, 'distrusted_at_ms'),
            evidence: {
              known: toHead(row, 'evidence_known'),
              seen: toHead(row, 'evidence_seen'),
            },
          },
  }
}

function toHead(row: Row, column: string): SignedHead | null {
  const key = bytesOrNull(row, `${column}_key`)
  const checkpoint = bytesOrNull(row, column)
  return key && checkpoint && { key, checkpoint }
}

function toFollowed(row: Row): FollowedName {
  return {
    // Stored by us as a checked address.
    address: text(row, 'address') as Address,
    size: integer(row, 'size'),
    head: { count: integer(row, 'count'), value: bytes(row, 'value') },
  }
}
