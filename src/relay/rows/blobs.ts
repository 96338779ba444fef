import type { AccountId } from '../storage.ts'
import type { BlobRecord } from '../storage-blobs.ts'

export interface BlobRow {
  readonly id: Uint8Array
  readonly account: AccountId
  readonly length: number
  readonly received: number
  readonly expires_ms: number
}

export const BLOB_COLUMNS = 'id, account, length, received, expires_ms'

export function blobRecord(row: BlobRow): BlobRecord {
  const { id, account, length, received, expires_ms } = row
  return { id, account, length, offset: received, expiresAtMs: expires_ms }
}
