import type { AccountId } from './storage.ts'

/** What the database knows of an attachment; its bytes lie in the {@link BlobStore}. */
export interface BlobRecord {
  /** 16 unguessable bytes: whoever knows them may download. */
  readonly id: Uint8Array
  readonly account: AccountId
  /** In bytes, as announced. */
  readonly length: number
  /** How much of it is stored; complete where it is the `length`. */
  readonly offset: number
  readonly expiresAtMs: number
}

/** A stretch of an attachment, stored under a key of its own. */
export interface BlobPart {
  readonly key: string
  /** Where in the attachment it starts. */
  readonly offset: number
  readonly length: number
}

/** Of one account. */
export interface BlobQuota {
  readonly blobs: number
  readonly bytes: number
}

export type BlobCreation =
  | { readonly outcome: 'created' | 'existing'; readonly blob: BlobRecord }
  /** The id is taken, with another length or by another account. */
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'quota' }
  /** The account is gone. */
  | { readonly outcome: 'gone' }

/** The part of the storage port that keeps account of attachments. */
export interface BlobStorage {
  /** Announces an upload; its whole length counts from now on. The same again changes nothing. */
  createBlob(
    blob: Omit<BlobRecord, 'offset'>,
    quota: BlobQuota,
    nowMs: number,
  ): Promise<BlobCreation>
  /** @returns `null` where there is none or its time is over. */
  findBlob(id: Uint8Array, nowMs: number): Promise<BlobRecord | null>
  /**
   * Notes a key before something is stored under it, for the part at `offset`. It takes over from a part of this
   * attachment that was begun before and is not finished: that connection may be long dead.
   */
  beginBlobPart(
    part: { readonly blob: Uint8Array; readonly key: string; readonly offset: number },
    nowMs: number,
  ): Promise<'begun' | 'conflict' | 'gone'>
  /**
   * Adds a part that is durable in the store. The one that completes an attachment sets its time to `keptUntilMs`.
   * @returns the attachment as it is now; `null` where another part took over or the attachment is gone.
   */
  finishBlobPart(
    part: { readonly key: string; readonly length: number },
    keptUntilMs: number,
  ): Promise<BlobRecord | null>
  /** Forgets a part that was begun; its key goes to the trash. */
  abandonBlobPart(key: string): Promise<void>
  /** The finished parts that hold bytes from `from` up to, not including, `to`; in order. */
  blobParts(id: Uint8Array, from: number, to: number): Promise<readonly BlobPart[]>
  /** @returns false where the account has no such attachment. */
  deleteBlob(id: Uint8Array, account: AccountId): Promise<boolean>
  /** Removes a batch of attachments whose time is over. @returns how many; 0 means none is left. */
  expireBlobs(nowMs: number): Promise<number>
  /**
   * Keys of parts that are gone from the database (abandoned, deleted, expired, with their account) and may still be in
   * the store: a batch of those begun before a time.
   */
  blobTrash(begunBeforeMs: number): Promise<readonly string[]>
  /** Forgets keys under which the store holds nothing any more. */
  forgetBlobTrash(keys: readonly string[]): Promise<void>
  /** Puts keys that the store does not let go behind all others, as if begun now. */
  postponeBlobTrash(keys: readonly string[], nowMs: number): Promise<void>
}
