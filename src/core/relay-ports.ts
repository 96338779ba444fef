import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type { NetworkError, RelayHost, RequestSigner } from './ports.ts'

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

/** What an upload at a relay has become. */
export interface StoredBlob {
  /** 16 bytes: whoever knows them may download. */
  readonly id: Uint8Array
  /** Until then the relay keeps it. */
  readonly expiresAtMs: number
}

export interface RelayBlobs {
  /**
   * Stores opaque bytes (at most 100 MiB) at the own relay. Interruptions are gone over several times; called again
   * under the same `key`, also after a restart, it goes on where the relay has got to. A success means that all of it
   * is durable.
   */
  uploadBlob(
    host: RelayHost,
    signer: RequestSigner,
    upload: {
      /** 16 random bytes, of this upload alone. */
      readonly key: Uint8Array
      /** In bytes, at least 1. */
      readonly length: number
      /** Gives exactly the bytes from `offset`, always the same ones. */
      readonly read: (offset: number, length: number) => Promise<Uint8Array>
      /** Told how many bytes are durable. */
      readonly progressed?: (bytes: number) => void
      readonly signal?: AbortSignal
    },
  ): RelayResult<
    StoredBlob,
    'UNAUTHORIZED' | 'TOO_LARGE' | 'CONFLICT' | 'RELAY_FULL' | 'UPLOAD_QUOTA_REACHED'
  >
  /**
   * Downloads from `from` to the end, in order; each piece is asked for when the one before has been taken. After a
   * failure, call it again from where it got to. The bytes are whatever the relay says: check them.
   */
  downloadBlob(
    host: RelayHost,
    download: {
      readonly id: Uint8Array
      readonly from: number
      /** What the sender said it has; a relay that says otherwise is not believed. */
      readonly length: number
      readonly write: (piece: Uint8Array, offset: number) => Promise<void>
      readonly signal?: AbortSignal
    },
  ): RelayResult<void, 'NOT_FOUND'>
  /** Removes an upload of the own account, finished or not; none there is a success. */
  deleteBlob(
    host: RelayHost,
    signer: RequestSigner,
    id: Uint8Array,
  ): RelayResult<void, 'UNAUTHORIZED'>
}
