import { equalPublicBytes } from '#shared/bytes.ts'
import type { CommitOutcome, NewCommit, StoredCommit } from '../storage-groups.ts'

export interface GroupRow {
  readonly last_epoch: number
  readonly token_hash: Uint8Array
}

export interface CommitRow {
  readonly epoch: number
  readonly received_ms: number
  readonly body: Uint8Array
}

/** What is compared with a commit that comes again. */
export interface KnownCommitRow {
  readonly token_hash: Uint8Array
  readonly body: Uint8Array
}

/**
 * The answer to a commit that is not the next one: a repetition, of a member who does not know yet that the epoch is over,
 * or of a stranger.
 * @param known - what is stored for its epoch.
 * @param isMember - whether its token is, or was, one of the group's.
 */
export function lateOutcome(
  { tokenHash, body }: NewCommit,
  known: KnownCommitRow | undefined,
  isMember: boolean,
): CommitOutcome {
  const isSame =
    known !== undefined &&
    equalPublicBytes(known.token_hash, tokenHash) &&
    equalPublicBytes(known.body, body)
  if (isSame) return 'seen'
  return isMember ? 'conflict' : 'refused'
}

/**
 * The first epoch that a token opens; `null` where it opens none.
 * @param opened - the first commit that is stored under it.
 */
export function firstEpoch(
  group: GroupRow,
  tokenHash: Uint8Array,
  opened: number | null,
): number | null {
  // The token of the epoch that the group is in opens what is to come: as yet, nothing.
  const isCurrent = equalPublicBytes(group.token_hash, tokenHash)
  return opened ?? (isCurrent ? group.last_epoch + 1 : null)
}

export function storedCommit({ epoch, received_ms, body }: CommitRow): StoredCommit {
  return { epoch, receivedAtMs: received_ms, body }
}
