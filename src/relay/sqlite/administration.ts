import type { Database } from 'better-sqlite3'
import { randomBytes } from '#crypto/primitives.ts'
import {
  accountSummary,
  deviceSummary,
  inviteRecord,
  namesFrom,
  NO_HASH,
  type DeviceSummaryRow,
  type InviteRow,
  type SummaryRow,
} from '../rows/administration.ts'
import type { AccountId } from '../storage.ts'
import {
  RESTORE_JUMP,
  type AccountDetails,
  type AccountSummary,
  type InviteRecord,
} from '../storage-admin.ts'
import type { AccountRules } from './account-rules.ts'
import { readMeta, SECRET_BYTES, writeMeta } from './meta.ts'

const countPrekeys = (kind: string): string =>
  `(SELECT count(*) FROM prekeys WHERE prekeys.mailbox = devices.mailbox AND kind = '${kind}')`

/** What the operator asks and changes. Synchronous: changes run inside a group commit. */
export class AdministrationTables {
  readonly #database: Database
  readonly #rules: AccountRules
  readonly #invites
  readonly #revokeInvite
  readonly #accounts
  readonly #account
  readonly #devices
  readonly #countTokens
  readonly #reserve
  readonly #release
  readonly #reserved
  readonly #reservedNames

  constructor(database: Database, rules: AccountRules) {
    this.#database = database
    this.#rules = rules
    this.#invites = database.prepare<[Uint8Array, number, number], InviteRow>(
      `SELECT hash, uses_left, expires_ms FROM invite_codes
        WHERE hash > ? AND uses_left > 0 AND expires_ms > ? ORDER BY hash LIMIT ?`,
    )
    this.#revokeInvite = database.prepare<[Uint8Array]>('DELETE FROM invite_codes WHERE hash = ?')
    this.#accounts = database.prepare<[string, string, number], SummaryRow>(
      `SELECT name, created_ms, count(mailbox) AS devices, ifnull(sum(waiting), 0) AS waiting,
          ifnull(sum(waiting_bytes), 0) AS waiting_bytes, blocked_ms
        FROM (SELECT id, name, created_ms FROM accounts
          WHERE name >= ? AND name < ? ORDER BY name LIMIT ?) AS page
        LEFT JOIN devices ON devices.account = page.id
        LEFT JOIN account_rules ON account_rules.account = page.id
        GROUP BY page.id ORDER BY name`,
    )
    this.#account = database.prepare<[string], { id: AccountId; created_ms: number }>(
      'SELECT id, created_ms FROM accounts WHERE name = ?',
    )
    this.#devices = database.prepare<[AccountId], DeviceSummaryRow>(
      `SELECT mailbox, device, seen_ms, waiting, waiting_bytes, ${countPrekeys('one-time')} AS one_time,
        ${countPrekeys('kem-one-time')} AS kem_one_time FROM devices WHERE account = ? ORDER BY device`,
    )
    this.#countTokens = database.prepare<[AccountId], { count: number }>(
      'SELECT count(*) AS count FROM tokens WHERE account = ?',
    )
    this.#reserve = database.prepare<[string]>(
      'INSERT INTO reserved_names (name) VALUES (?) ON CONFLICT DO NOTHING',
    )
    this.#release = database.prepare<[string]>('DELETE FROM reserved_names WHERE name = ?')
    this.#reserved = database.prepare<[string], { name: string }>(
      'SELECT name FROM reserved_names WHERE name = ?',
    )
    this.#reservedNames = database.prepare<[string, number], { name: string }>(
      'SELECT name FROM reserved_names WHERE name > ? ORDER BY name LIMIT ?',
    )
  }

  invites(after: Uint8Array | null, limit: number, nowMs: number): readonly InviteRecord[] {
    return this.#invites.all(after ?? NO_HASH, nowMs, limit).map(inviteRecord)
  }

  revokeInvite(hash: Uint8Array): boolean {
    return this.#revokeInvite.run(hash).changes === 1
  }

  accounts(prefix: string, after: string | null, limit: number): readonly AccountSummary[] {
    return this.#accounts.all(...namesFrom(prefix, after), limit).map(accountSummary)
  }

  account(name: string): AccountDetails | null {
    const row = this.#account.get(name)
    if (row === undefined) return null
    return {
      id: row.id,
      name,
      createdAtMs: row.created_ms,
      blockedAtMs: this.#rules.blockedAtMs(row.id),
      quotas: this.#rules.quotas(row.id),
      tokens: this.#countTokens.get(row.id)?.count ?? 0,
      devices: this.#devices.all(row.id).map(deviceSummary),
    }
  }

  reserve(name: string): void {
    this.#reserve.run(name)
  }

  release(name: string): boolean {
    return this.#release.run(name).changes === 1
  }

  isReserved(name: string): boolean {
    return this.#reserved.get(name) !== undefined
  }

  reservedNames(after: string | null, limit: number): readonly string[] {
    return this.#reservedNames.all(after ?? '', limit).map(({ name }) => name)
  }

  /** RELAY-API §10 says what each of these is for. */
  markRestored(nowMs: number): void {
    writeMeta(this.#database, 'secret', randomBytes(SECRET_BYTES))
    writeMeta(this.#database, 'restored-ms', nowMs)
    this.#database.exec(`
      DELETE FROM prekeys WHERE kind IN ('one-time', 'kem-one-time');
      DELETE FROM bundle_replies;
      DELETE FROM invite_codes;
      UPDATE devices SET last_seq = last_seq + ${RESTORE_JUMP};
      UPDATE sqlite_sequence SET seq = seq + ${RESTORE_JUMP} WHERE name IN ('accounts', 'devices');
    `)
  }

  get restoredAtMs(): number | null {
    const stored = readMeta(this.#database, 'restored-ms')
    return stored === null ? null : Number(Buffer.from(stored).toString('utf8'))
  }
}
