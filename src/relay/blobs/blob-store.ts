import type { Readable } from 'node:stream'

// Where the bytes of attachments lie: files or an S3-compatible store. What lies there is the database's to know.

/** Parts that one process reads at once, so that a store has a connection for each. */
export const MAX_DOWNLOADS = 256

/** Parts of attachments under keys that are used once. Streams: no part is ever whole in memory. */
export interface BlobStore {
  /**
   * Stores exactly `length` bytes under a new key; resolves when they are durable. After a rejection there may be
   * something under the key, of no use to anyone.
   * @throws StorageFullError where there is no space, BlobStoreError where the store does not work.
   */
  put(key: string, body: Readable, length: number): Promise<void>
  /**
   * The bytes of a part from `from` up to, not including, `to`.
   * @throws BlobMissingError, BlobStoreError
   */
  get(key: string, from: number, to: number): Promise<Readable>
  /** Removes what is under the key; nothing there is fine. @throws BlobStoreError */
  remove(key: string): Promise<void>
  close(): Promise<void>
}

/** The store does not work at the moment: the network, a disk. */
export class BlobStoreError extends Error {
  override readonly name = 'BlobStoreError'
}

/** What the database knows of is not in the store. */
export class BlobMissingError extends Error {
  override readonly name = 'BlobMissingError'
}
