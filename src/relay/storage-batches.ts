import type { DepositOutcome, MailboxLimits } from './storage.ts'

/** One mailbox that a batch goes to. */
export interface BatchTargetRecord {
  /** SHA-256 of the delivery token. */
  readonly tokenHash: Uint8Array
  readonly deviceId: number
  /** The envelope's id in this mailbox. */
  readonly id: Uint8Array
}

/** The part of the storage port that stores one body for many mailboxes. */
export interface BatchStorage {
  /**
   * Deposits the same body at each target, as a single deposit would one after the other, in one durable
   * change. The body is stored once, and goes with the last of its envelopes that is acknowledged, expired or deleted;
   * each mailbox's quota counts it whole.
   * @returns an outcome for each target, in their order.
   */
  depositBatch(
    batch: { readonly body: Uint8Array; readonly targets: readonly BatchTargetRecord[] },
    limits: MailboxLimits,
    nowMs: number,
  ): Promise<readonly DepositOutcome[]>
}
