import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type { NetworkError, RelayHost } from './ports.ts'

// What a relay offers beside one-to-one messages.

type RelayResult<T, Code extends ErrorCode = never> = Promise<
  Result<T, Failure<Code | NetworkError>>
>

/** What became of one target of a batch. */
export type BatchOutcome = Result<
  void,
  Failure<'DELIVERY_REFUSED' | 'MAILBOX_FULL' | 'RATE_LIMITED'>
>

export interface RelayBatches {
  /**
   * Deposits one envelope at up to 256 mailboxes of a relay. A target's success means it is durable there (or was
   * already); repeating a batch, whole or in parts, under the same ids does nothing twice. The relay learns that its
   * targets get the same.
   * @returns an outcome for each target, in their order.
   */
  depositBatch(
    host: RelayHost,
    batch: {
      readonly targets: readonly {
        readonly envelopeId: Uint8Array
        readonly token: Uint8Array
        readonly deviceId: number
      }[]
      readonly envelope: Uint8Array
    },
  ): RelayResult<readonly BatchOutcome[], 'RELAY_FULL' | 'TOO_LARGE'>
}

export interface GroupCommit {
  /** The epoch that the commit leaves. */
  readonly epoch: number
  readonly commit: Uint8Array
  readonly relayedAtMs: number
}

export interface RelayGroups {
  /**
   * Offers a commit (at most 128 KiB) that moves a group from `epoch` to its next one. A success means that it is
   * durable, and the only one of its epoch. `token` (32 bytes) is known to the members of `epoch`, `nextToken` to those
   * of the next one. A first commit makes the group.
   * @returns CONFLICT where another commit was first: fetch it. FORBIDDEN where the token is not of this group.
   */
  putCommit(
    host: RelayHost,
    commit: {
      /** 32 bytes, random: it says nothing about the group. */
      readonly group: Uint8Array
      readonly epoch: number
      readonly token: Uint8Array
      readonly nextToken: Uint8Array
      readonly commit: Uint8Array
    },
  ): RelayResult<void, 'CONFLICT' | 'FORBIDDEN' | 'RELAY_FULL' | 'TOO_LARGE'>
  /**
   * The commits beyond `after` (`null`: all) that `token` opens: those from its epoch on, in order. Where they are not
   * `complete`, ask again after the last one.
   */
  fetchCommits(
    host: RelayHost,
    which: {
      readonly group: Uint8Array
      readonly token: Uint8Array
      readonly after: number | null
    },
  ): RelayResult<
    { readonly commits: readonly GroupCommit[]; readonly complete: boolean },
    'NOT_FOUND'
  >
}
