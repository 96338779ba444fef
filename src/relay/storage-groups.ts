/** A commit that moves a group from one epoch to the next, as one of its members sends it. */
export interface NewCommit {
  /** 32 bytes, opaque. */
  readonly group: Uint8Array
  /** The epoch that the commit leaves. */
  readonly epoch: number
  /** SHA-256 of the token of this epoch. */
  readonly tokenHash: Uint8Array
  /** SHA-256 of the token of the epoch that the commit leads to. */
  readonly nextTokenHash: Uint8Array
  readonly body: Uint8Array
}

export interface StoredCommit {
  readonly epoch: number
  readonly receivedAtMs: number
  readonly body: Uint8Array
}

/** Of one group, the oldest commits go beyond these; the newest one stays. */
export interface GroupLimits {
  readonly commits: number
  readonly bytes: number
}

/** What a commit may add, by the space there is and by who sends it: with a group, its first commit too. */
export type CommitAddition = 'nothing' | 'commit' | 'group'

export type CommitOutcome =
  | 'stored'
  /** The same commit before. */
  | 'seen'
  /** The epoch is over: another commit has it, or a later one is there. */
  | 'conflict'
  /** The token is not of this group. */
  | 'refused'
  /** There is no such group, and none was to be made. */
  | 'unknown'
  /** It would have been stored, and nothing was to be added. */
  | 'full'

/** The part of the storage port that orders the commits of groups. */
export interface GroupStorage {
  /**
   * Stores a commit where its token is the group's and its epoch is beyond those of all commits before: of any number
   * at once, one wins. The group's token is then the next one. A first commit makes the group, where it may.
   */
  putCommit(
    commit: NewCommit,
    limits: GroupLimits,
    mayAdd: CommitAddition,
    nowMs: number,
  ): Promise<CommitOutcome>
  /**
   * The commits from `from` on, in order: at most `limit` and, but for the first, `maxBytes`. The token of an epoch
   * opens the commits from that epoch on.
   * @returns `null` where there is no such group or the token is not, and was not, its own.
   */
  commits(
    group: Uint8Array,
    tokenHash: Uint8Array,
    from: number,
    limit: number,
    maxBytes: number,
  ): Promise<readonly StoredCommit[] | null>
  /**
   * Removes a batch of commits older than `retentionMs`, and of groups without a commit for `idleMs`.
   * @returns how many; 0 means nothing is left to remove.
   */
  expireGroups(nowMs: number, retentionMs: number, idleMs: number): Promise<number>
}
