import type { AccountId, MailboxId } from '../storage.ts'

export interface AccountRow {
  readonly id: AccountId
  readonly signing_key: Uint8Array
}

export interface SignerRow extends AccountRow {
  readonly name: string
}

/** The row of a name, or the first row for a name that has none: both are as much work. */
export const signerOrFirst = (
  name: '?' | '$1',
): string => `SELECT id, name, signing_key FROM accounts
  WHERE id >= coalesce((SELECT id FROM accounts WHERE name = ${name}), 0) ORDER BY id LIMIT 1`

export interface DeviceRow {
  readonly mailbox: MailboxId
  readonly device: number
  readonly certificate: Uint8Array
}
