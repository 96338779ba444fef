import type { AccountId, MailboxId } from '../storage.ts'

export interface AccountRow {
  readonly id: AccountId
  readonly signing_key: Uint8Array
}

export interface DeviceRow {
  readonly mailbox: MailboxId
  readonly device: number
  readonly certificate: Uint8Array
}
