import { equalPublicBytes } from '#shared/bytes.ts'
import {
  firstEpoch,
  lateOutcome,
  storedCommit,
  type CommitRow,
  type GroupRow,
  type KnownCommitRow,
} from '../rows/groups.ts'
import type {
  CommitAddition,
  CommitOutcome,
  GroupLimits,
  NewCommit,
  StoredCommit,
} from '../storage-groups.ts'
import { RunAgain, type Transaction, type Transactions } from './transactions.ts'

const BATCH = 500

const GROUP = 'SELECT last_epoch, token_hash FROM groups WHERE id = $1'
const LOCK_GROUP = `${GROUP} FOR NO KEY UPDATE`
const ADD_GROUP = `INSERT INTO groups (id, last_epoch, token_hash, committed_ms) VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING`
const ADVANCE =
  'UPDATE groups SET last_epoch = $2, token_hash = $3, committed_ms = $4 WHERE id = $1'
const ADD_COMMIT = `INSERT INTO group_commits (group_id, epoch, token_hash, body, received_ms)
  VALUES ($1, $2, $3, $4, $5)`
const COMMIT = 'SELECT token_hash, body FROM group_commits WHERE group_id = $1 AND epoch = $2'
const FIRST_EPOCH =
  'SELECT min(epoch) AS epoch FROM group_commits WHERE group_id = $1 AND token_hash = $2'
/** The newest stays, whatever its size. */
const TRIM = `DELETE FROM group_commits WHERE group_id = $1 AND epoch <= (
  SELECT max(epoch) FROM (SELECT epoch, row_number() OVER newest AS count, sum(length(body)) OVER newest AS bytes
    FROM group_commits WHERE group_id = $1 WINDOW newest AS (ORDER BY epoch DESC)) AS kept
  WHERE count > 1 AND (count > $2 OR bytes > $3))`
// The first whatever its size; the lengths are known without reading the bodies.
const PAGE = `SELECT epoch, received_ms, body FROM (
    SELECT *, sum(length(body)) OVER (ORDER BY epoch) AS bytes FROM (
      SELECT epoch, received_ms, body FROM group_commits
      WHERE group_id = $1 AND epoch >= $2 ORDER BY epoch LIMIT $3
    ) AS next
  ) AS counted WHERE bytes <= $4 OR bytes = length(body) ORDER BY epoch`
const EXPIRE_COMMITS = `DELETE FROM group_commits c USING (SELECT group_id, epoch FROM group_commits
    WHERE received_ms <= $1 ORDER BY received_ms LIMIT ${BATCH} FOR UPDATE SKIP LOCKED) AS old
  WHERE c.group_id = old.group_id AND c.epoch = old.epoch`
const EXPIRE_GROUPS = `DELETE FROM groups WHERE id IN (SELECT id FROM groups WHERE committed_ms <= $1
  ORDER BY committed_ms LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)`

async function answerLate(
  transaction: Transaction,
  commit: NewCommit,
  isCurrent: boolean,
): Promise<CommitOutcome> {
  const { group, epoch, tokenHash } = commit
  const [[known], [opened]] = await Promise.all([
    transaction.query<KnownCommitRow>(COMMIT, [group, epoch]),
    transaction.query<{ epoch: number | null }>(FIRST_EPOCH, [group, tokenHash]),
  ])
  return lateOutcome(commit, known, isCurrent || (opened?.epoch ?? null) !== null)
}

async function put(
  transaction: Transaction,
  commit: NewCommit,
  limits: GroupLimits,
  mayAdd: CommitAddition,
  nowMs: number,
): Promise<CommitOutcome> {
  const { group: id, epoch, tokenHash, nextTokenHash, body } = commit
  const [group] = await transaction.query<GroupRow>(LOCK_GROUP, [id])
  if (group === undefined) {
    if (mayAdd !== 'group') return 'unknown'
    const added = await transaction.change(ADD_GROUP, [id, epoch, nextTokenHash, nowMs])
    // Another member had the same idea since we looked.
    if (added === 0) throw new RunAgain()
  } else {
    const isCurrent = equalPublicBytes(group.token_hash, tokenHash)
    if (!isCurrent || epoch <= group.last_epoch) return answerLate(transaction, commit, isCurrent)
    if (mayAdd === 'nothing') return 'full'
    transaction.send(ADVANCE, [id, epoch, nextTokenHash, nowMs])
  }
  transaction.send(ADD_COMMIT, [id, epoch, tokenHash, body, nowMs])
  transaction.send(TRIM, [id, limits.commits, limits.bytes])
  return 'stored'
}

/** Groups and their commits. Whoever commits holds the row of the group. */
export class GroupTables {
  readonly #transactions: Transactions

  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /**
   * Strangers are refused by reading: they take up no connection that writes, and no row that the members wait for. What a
   * member is told may rest on a commit that must be durable first, so that it takes a transaction.
   */
  async put(
    commit: NewCommit,
    limits: GroupLimits,
    mayAdd: CommitAddition,
    nowMs: number,
  ): Promise<CommitOutcome> {
    const first = await this.#firstEpoch(commit.group, commit.tokenHash)
    if (first === 'refused' || (first === 'unknown' && mayAdd !== 'group')) return first
    return this.#transactions.answer((transaction) =>
      put(transaction, commit, limits, mayAdd, nowMs),
    )
  }

  async commits(
    group: Uint8Array,
    tokenHash: Uint8Array,
    from: number,
    limit: number,
    maxBytes: number,
  ): Promise<readonly StoredCommit[] | null> {
    const first = await this.#firstEpoch(group, tokenHash)
    if (typeof first === 'string') return null
    const values = [group, Math.max(from, first), limit, maxBytes]
    const rows = await this.#transactions.read<CommitRow>(PAGE, values)
    return rows.map(storedCommit)
  }

  async #firstEpoch(
    group: Uint8Array,
    tokenHash: Uint8Array,
  ): Promise<number | 'refused' | 'unknown'> {
    const [row] = await this.#transactions.read<GroupRow>(GROUP, [group])
    if (row === undefined) return 'unknown'
    const [opened] = await this.#transactions.read<{ epoch: number | null }>(FIRST_EPOCH, [
      group,
      tokenHash,
    ])
    return firstEpoch(row, tokenHash, opened?.epoch ?? null) ?? 'refused'
  }

  expire(nowMs: number, retentionMs: number, idleMs: number): Promise<number> {
    return this.#transactions.run(async (transaction) => {
      const counts = await Promise.all([
        transaction.change(EXPIRE_COMMITS, [nowMs - retentionMs]),
        transaction.change(EXPIRE_GROUPS, [nowMs - idleMs]),
      ])
      return counts[0] + counts[1]
    })
  }
}
