import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type { NetworkError, RelayHost } from './ports.ts'

// What a relay offers beside one-to-one messages: the same envelope for many mailboxes.

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
