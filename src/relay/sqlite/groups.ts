import type { Database } from 'better-sqlite3'
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

const BATCH = 500
/** Read at a time, so that little more than what is wanted is in memory. */
const PAGE_ROWS = 8

/** Groups and their commits. Synchronous: changes run inside a group commit of the database. */
export class GroupTables {
  readonly #group
  readonly #insertGroup
  readonly #advance
  readonly #insertCommit
  readonly #commit
  readonly #epochOfToken
  readonly #page
  readonly #sizes
  readonly #trim
  readonly #expireCommits
  readonly #expireGroups

  constructor(database: Database) {
    this.#group = database.prepare<[Uint8Array], GroupRow>(
      'SELECT last_epoch, token_hash FROM groups WHERE id = ?',
    )
    this.#insertGroup = database.prepare<[Uint8Array, number, Uint8Array, number]>(
      'INSERT INTO groups (id, last_epoch, token_hash, committed_ms) VALUES (?, ?, ?, ?)',
    )
    this.#advance = database.prepare<[number, Uint8Array, number, Uint8Array]>(
      'UPDATE groups SET last_epoch = ?, token_hash = ?, committed_ms = ? WHERE id = ?',
    )
    this.#insertCommit = database.prepare<[Uint8Array, number, Uint8Array, Uint8Array, number]>(
      'INSERT INTO group_commits (group_id, epoch, token_hash, body, received_ms) VALUES (?, ?, ?, ?, ?)',
    )
    this.#commit = database.prepare<[Uint8Array, number], KnownCommitRow>(
      'SELECT token_hash, body FROM group_commits WHERE group_id = ? AND epoch = ?',
    )
    this.#epochOfToken = database.prepare<[Uint8Array, Uint8Array], { epoch: number | null }>(
      'SELECT min(epoch) AS epoch FROM group_commits WHERE group_id = ? AND token_hash = ?',
    )
    this.#page = database.prepare<[Uint8Array, number, number], CommitRow>(
      'SELECT epoch, received_ms, body FROM group_commits WHERE group_id = ? AND epoch >= ? ORDER BY epoch LIMIT ?',
    )
    this.#sizes = database.prepare<[Uint8Array], { epoch: number; bytes: number }>(
      'SELECT epoch, length(body) AS bytes FROM group_commits WHERE group_id = ? ORDER BY epoch DESC',
    )
    this.#trim = database.prepare<[Uint8Array, number]>(
      'DELETE FROM group_commits WHERE group_id = ? AND epoch <= ?',
    )
    this.#expireCommits = database.prepare<[number]>(
      `DELETE FROM group_commits WHERE row IN
        (SELECT row FROM group_commits WHERE received_ms <= ? ORDER BY received_ms LIMIT ${BATCH})`,
    )
    this.#expireGroups = database.prepare<[number]>(
      `DELETE FROM groups WHERE id IN
        (SELECT id FROM groups WHERE committed_ms <= ? ORDER BY committed_ms LIMIT ${BATCH})`,
    )
  }

  put(
    commit: NewCommit,
    limits: GroupLimits,
    mayAdd: CommitAddition,
    nowMs: number,
  ): CommitOutcome {
    const { group: id, epoch, tokenHash, nextTokenHash, body } = commit
    const group = this.#group.get(id)
    if (group === undefined) {
      if (mayAdd !== 'group') return 'unknown'
      this.#insertGroup.run(id, epoch, nextTokenHash, nowMs)
    } else {
      const isCurrent = equalPublicBytes(group.token_hash, tokenHash)
      if (!isCurrent || epoch <= group.last_epoch) {
        const isMember = isCurrent || this.#opened(id, tokenHash) !== null
        return lateOutcome(commit, this.#commit.get(id, epoch), isMember)
      }
      if (mayAdd === 'nothing') return 'full'
      this.#advance.run(epoch, nextTokenHash, nowMs, id)
    }
    this.#insertCommit.run(id, epoch, tokenHash, body, nowMs)
    this.#keepWithin(id, limits)
    return 'stored'
  }

  /** The first epoch whose commit is stored under a token. */
  #opened(group: Uint8Array, tokenHash: Uint8Array): number | null {
    return this.#epochOfToken.get(group, tokenHash)?.epoch ?? null
  }

  #keepWithin(group: Uint8Array, limits: GroupLimits): void {
    let count = 0
    let total = 0
    for (const { epoch, bytes } of this.#sizes.all(group)) {
      count += 1
      total += bytes
      if (count === 1 || (count <= limits.commits && total <= limits.bytes)) continue
      this.#trim.run(group, epoch)
      return
    }
  }

  commits(
    group: Uint8Array,
    tokenHash: Uint8Array,
    from: number,
    limit: number,
    maxBytes: number,
  ): readonly StoredCommit[] | null {
    const row = this.#group.get(group)
    if (row === undefined) return null
    const first = firstEpoch(row, tokenHash, this.#opened(group, tokenHash))
    if (first === null) return null
    const found: StoredCommit[] = []
    let bytes = 0
    for (let next = Math.max(from, first); found.length < limit;) {
      const rows = this.#page.all(group, next, Math.min(PAGE_ROWS, limit - found.length))
      for (const commit of rows) {
        bytes += commit.body.length
        if (found.length > 0 && bytes > maxBytes) return found
        found.push(storedCommit(commit))
        next = commit.epoch + 1
      }
      if (rows.length === 0) break
    }
    return found
  }

  expire(nowMs: number, retentionMs: number, idleMs: number): number {
    return (
      this.#expireCommits.run(nowMs - retentionMs).changes +
      this.#expireGroups.run(nowMs - idleMs).changes
    )
  }
}
