import { KNOCK_LABEL } from '#protocol/relay-limits.ts'
import type { AccountId, TokenRecord } from '../storage.ts'
import { RunAgain, type Transaction, type Transactions } from './transactions.ts'

interface TokenChange {
  readonly add: readonly TokenRecord[]
  readonly revoke: readonly Uint8Array[]
}

const LOCK_ACCOUNT = 'SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE'
const OWNERS = 'SELECT hash, account FROM tokens WHERE hash = ANY ($1::bytea[])'
const COUNT = 'SELECT count(*) AS count FROM tokens WHERE account = $1'
const QUOTA = 'SELECT tokens FROM account_rules WHERE account = $1'
const ADD = `INSERT INTO tokens (hash, account, label, uses_left, expires_ms)
  SELECT hash, $1, label, uses, expires
  FROM unnest($2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[]) AS added (hash, label, uses, expires)
  ORDER BY hash ON CONFLICT DO NOTHING`
const REVOKE = `INSERT INTO tokens AS known (hash, account, label, ended_ms)
  SELECT hash, $1, $3, $4 FROM unnest($2::bytea[]) AS revoked (hash) ORDER BY hash
  ON CONFLICT (hash) DO UPDATE SET ended_ms = excluded.ended_ms
    WHERE known.account = excluded.account AND known.ended_ms IS NULL`

const keyOf = (hash: Uint8Array): string => Buffer.from(hash).toString('latin1')

function distinct<T>(items: readonly T[], hashOf: (item: T) => Uint8Array): readonly T[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = keyOf(hashOf(item))
    return !seen.has(key) && seen.add(key)
  })
}

async function putTokens(
  transaction: Transaction,
  account: AccountId,
  change: TokenChange,
  maxTokens: number,
  nowMs: number,
): Promise<'stored' | 'conflict' | 'too-many' | 'gone'> {
  const add = distinct(change.add, ({ hash }) => hash)
  const revoke = distinct(change.revoke, (hash) => hash)
  if ((await transaction.query(LOCK_ACCOUNT, [account])).length === 0) return 'gone'
  const hashes = [...add.map(({ hash }) => hash), ...revoke]
  type Owner = { readonly hash: Uint8Array; readonly account: AccountId }
  const [owners, [counted], [rules]] = await Promise.all([
    transaction.query<Owner>(OWNERS, [hashes]),
    transaction.query<{ count: number }>(COUNT, [account]),
    transaction.query<{ tokens: number | null }>(QUOTA, [account]),
  ])
  const ownerOf = new Map(owners.map((owner) => [keyOf(owner.hash), owner.account]))
  const added = add.filter(({ hash }) => ownerOf.get(keyOf(hash)) !== account)
  if (added.some(({ hash }) => ownerOf.has(keyOf(hash)))) return 'conflict'
  const unknown = added.length + revoke.filter((hash) => !ownerOf.has(keyOf(hash))).length
  if ((counted?.count ?? 0) + unknown > (rules?.tokens ?? maxTokens)) return 'too-many'
  const stored = await transaction.change(ADD, [
    account,
    added.map(({ hash }) => hash),
    added.map(({ label }) => label),
    added.map(({ uses }) => uses),
    added.map(({ expiresAtMs }) => expiresAtMs),
  ])
  // Another account had the same idea since we looked.
  if (stored < added.length) throw new RunAgain()
  // A token revoked before it arrived is remembered as revoked, so that its late arrival changes nothing. Another
  // account's is left alone.
  transaction.send(REVOKE, [account, revoke, KNOCK_LABEL, nowMs])
  return 'stored'
}

/** Delivery tokens. */
export class TokenTables {
  readonly #transactions: Transactions

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  put(
    account: AccountId,
    change: TokenChange,
    maxTokens: number,
    nowMs: number,
  ): Promise<'stored' | 'conflict' | 'too-many' | 'gone'> {
    return this.#transactions.answer((transaction) =>
      putTokens(transaction, account, change, maxTokens, nowMs),
    )
  }
}
