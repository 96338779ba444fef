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
import type { AccountDetails, AccountSummary, InviteRecord } from '../storage-admin.ts'
import type { AccountRules } from './account-rules.ts'
import type { Transactions, Value } from './transactions.ts'

const INVITES = `SELECT hash, uses_left, expires_ms FROM invite_codes
  WHERE hash > $1 AND uses_left > 0 AND expires_ms > $2 ORDER BY hash LIMIT $3`
const REVOKE_INVITE = 'DELETE FROM invite_codes WHERE hash = $1'
// The page first: what belongs to its accounts is looked up for them alone.
const ACCOUNTS = `SELECT name, created_ms, devices, waiting, waiting_bytes, blocked_ms
  FROM (SELECT id, name, created_ms FROM accounts
    WHERE name >= $1 AND name < $2 ORDER BY name LIMIT $3) AS page
  CROSS JOIN LATERAL (SELECT count(*) AS devices, coalesce(sum(waiting), 0)::bigint AS waiting,
      coalesce(sum(waiting_bytes), 0)::bigint AS waiting_bytes
    FROM devices WHERE account = page.id) AS held
  LEFT JOIN account_rules ON account_rules.account = page.id ORDER BY name`
const ACCOUNT = 'SELECT id, created_ms FROM accounts WHERE name = $1'
const count = (kind: string): string =>
  `(SELECT count(*) FROM prekeys WHERE prekeys.mailbox = devices.mailbox AND kind = '${kind}')`
const DEVICES = `SELECT mailbox, device, seen_ms, waiting, waiting_bytes,
    ${count('one-time')} AS one_time, ${count('kem-one-time')} AS kem_one_time
  FROM devices WHERE account = $1 ORDER BY device`
const TOKENS = 'SELECT count(*) AS count FROM tokens WHERE account = $1'
const RESERVE = 'INSERT INTO reserved_names (name) VALUES ($1) ON CONFLICT DO NOTHING'
const RELEASE = 'DELETE FROM reserved_names WHERE name = $1'
const RESERVED = 'SELECT name FROM reserved_names WHERE name = $1'
const RESERVED_NAMES = 'SELECT name FROM reserved_names WHERE name > $1 ORDER BY name LIMIT $2'

/** What the operator asks and changes. */
export class AdministrationTables {
  readonly #transactions: Transactions
  readonly #rules: AccountRules

  constructor(transactions: Transactions, rules: AccountRules) {
    this.#transactions = transactions
    this.#rules = rules
  }

  async invites(
    after: Uint8Array | null,
    limit: number,
    nowMs: number,
  ): Promise<readonly InviteRecord[]> {
    const values = [after ?? NO_HASH, nowMs, limit]
    const rows = await this.#transactions.read<InviteRow>(INVITES, values)
    return rows.map(inviteRecord)
  }

  async revokeInvite(hash: Uint8Array): Promise<boolean> {
    return (await this.#change(REVOKE_INVITE, [hash])) === 1
  }

  async accounts(
    prefix: string,
    after: string | null,
    limit: number,
  ): Promise<readonly AccountSummary[]> {
    const values = [...namesFrom(prefix, after), limit]
    const rows = await this.#transactions.read<SummaryRow>(ACCOUNTS, values)
    return rows.map(accountSummary)
  }

  async account(name: string): Promise<AccountDetails | null> {
    type Row = { readonly id: AccountId; readonly created_ms: number }
    const [row] = await this.#transactions.read<Row>(ACCOUNT, [name])
    if (row === undefined) return null
    const rules = await this.#rules.find(row.id)
    const [tokens] = await this.#transactions.read<{ count: number }>(TOKENS, [row.id])
    const devices = await this.#transactions.read<DeviceSummaryRow>(DEVICES, [row.id])
    return {
      id: row.id,
      name,
      createdAtMs: row.created_ms,
      ...rules,
      tokens: tokens?.count ?? 0,
      devices: devices.map(deviceSummary),
    }
  }

  async reserve(name: string): Promise<void> {
    await this.#change(RESERVE, [name])
  }

  async release(name: string): Promise<boolean> {
    return (await this.#change(RELEASE, [name])) === 1
  }

  async isReserved(name: string): Promise<boolean> {
    return (await this.#transactions.read(RESERVED, [name])).length > 0
  }

  async reservedNames(after: string | null, limit: number): Promise<readonly string[]> {
    const values = [after ?? '', limit]
    const rows = await this.#transactions.read<{ name: string }>(RESERVED_NAMES, values)
    return rows.map(({ name }) => name)
  }

  /** @returns how many rows were changed. */
  #change(text: string, values: readonly Value[]): Promise<number> {
    return this.#transactions.answer((transaction) => transaction.change(text, values))
  }
}
