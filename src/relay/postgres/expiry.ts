import type { MailboxId } from '../storage.ts'
import { LOCK_DEVICES, subtractRemoved } from './mailboxes.ts'
import { BODY, releaseBodies } from './shared-bodies.ts'
import type { Transaction, Transactions } from './transactions.ts'

const BATCH = 500

/** Rows that another process is about to remove are left to it. */
const removeBy = (table: string, column: string): string =>
  `DELETE FROM ${table} WHERE hash IN (SELECT hash FROM ${table} WHERE ${column} <= $1
    ORDER BY ${column} LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`
const TIMED = ['bundle_replies', 'nonces', 'invite_codes'].map((table) =>
  removeBy(table, 'expires_ms'),
)
// Ended tokens are kept as long as a repeated deposit or registration may still arrive.
const TOKENS = ['ended_ms', 'expires_ms'].map((column) => removeBy('tokens', column))
const OLD = `SELECT mailbox, id, seq FROM envelope_ids WHERE received_ms <= $1
  ORDER BY received_ms LIMIT ${BATCH}`
const REMOVE = `DELETE FROM envelopes e USING unnest($1::bigint[], $2::bigint[]) AS old (mailbox, seq)
  WHERE e.mailbox = old.mailbox AND e.seq = old.seq
  RETURNING e.mailbox, e.knock, e.shared, length(${BODY}) AS bytes`
const REMOVE_IDS = `DELETE FROM envelope_ids e USING unnest($1::bigint[], $2::bytea[]) AS old (mailbox, id)
  WHERE e.mailbox = old.mailbox AND e.id = old.id`

interface OldEnvelope {
  readonly mailbox: MailboxId
  readonly id: Uint8Array
  readonly seq: number
}

interface Removed {
  readonly mailbox: MailboxId
  readonly bytes: number
  readonly knock: boolean
  readonly shared: number | null
}

async function removeTimed(
  transaction: Transaction,
  nowMs: number,
  retentionMs: number,
): Promise<number> {
  const counts = await Promise.all([
    ...TIMED.map((text) => transaction.change(text, [nowMs])),
    ...TOKENS.map((text) => transaction.change(text, [nowMs - retentionMs])),
  ])
  return counts.reduce((sum, count) => sum + count, 0)
}

async function removeEnvelopes(transaction: Transaction, beforeMs: number): Promise<number> {
  const old = await transaction.query<OldEnvelope>(OLD, [beforeMs])
  if (old.length === 0) return 0
  const mailboxes = old.map(({ mailbox }) => mailbox)
  transaction.send(LOCK_DEVICES, [mailboxes])
  const [removed, count] = await Promise.all([
    transaction.query<Removed>(REMOVE, [mailboxes, old.map(({ seq }) => seq)]),
    transaction.change(REMOVE_IDS, [mailboxes, old.map(({ id }) => id)]),
  ])
  subtractRemoved(transaction, removed)
  releaseBodies(transaction, removed)
  return count
}

/** Removes what has had its time, a batch at a time. Every process may do it: they share the work. */
export async function expire(
  transactions: Transactions,
  nowMs: number,
  retentionMs: number,
): Promise<number> {
  const timed = await transactions.run((transaction) =>
    removeTimed(transaction, nowMs, retentionMs),
  )
  const envelopes = await transactions.run((transaction) =>
    removeEnvelopes(transaction, nowMs - retentionMs),
  )
  return timed + envelopes
}
