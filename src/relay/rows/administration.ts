import type { AccountId, MailboxId } from '../storage.ts'
import {
  NO_QUOTAS,
  type AccountSummary,
  type BlockedAccount,
  type DeviceSummary,
  type InviteRecord,
  type Quotas,
} from '../storage-admin.ts'

export interface InviteRow {
  readonly hash: Uint8Array
  readonly uses_left: number
  readonly expires_ms: number
}

export interface SummaryRow {
  readonly name: string
  readonly created_ms: number
  readonly devices: number
  readonly waiting: number
  readonly waiting_bytes: number
  readonly blocked_ms: number | null
}

export interface DeviceSummaryRow {
  readonly mailbox: MailboxId
  readonly device: number
  readonly seen_ms: number
  readonly waiting: number
  readonly waiting_bytes: number
  readonly one_time: number
  readonly kem_one_time: number
}

export interface QuotasRow {
  readonly mailbox_envelopes: number | null
  readonly mailbox_bytes: number | null
  readonly tokens: number | null
}

/** Sorts before every hash. */
export const NO_HASH = new Uint8Array(0)
/** Sort before and behind every character of a name. */
const BEFORE_NAMES = '\u0001'
const BEYOND_NAMES = '\u007f'

/** Where a page of the names that begin with `prefix` starts, and the bound that it stays below. */
export function namesFrom(prefix: string, after: string | null): readonly [string, string] {
  // One bound, so that the index leads straight to the page.
  const first = after === null || after < prefix ? prefix : `${after}${BEFORE_NAMES}`
  return [first, `${prefix}${BEYOND_NAMES}`]
}

export function inviteRecord(row: InviteRow): InviteRecord {
  return { hash: row.hash, usesLeft: row.uses_left, expiresAtMs: row.expires_ms }
}

export function accountSummary(row: SummaryRow): AccountSummary {
  return {
    name: row.name,
    createdAtMs: row.created_ms,
    devices: row.devices,
    waiting: row.waiting,
    waitingBytes: row.waiting_bytes,
    blockedAtMs: row.blocked_ms,
  }
}

export function deviceSummary(row: DeviceSummaryRow): DeviceSummary {
  return {
    deviceId: row.device,
    mailbox: row.mailbox,
    seenAtMs: row.seen_ms,
    waiting: row.waiting,
    waitingBytes: row.waiting_bytes,
    oneTimePrekeys: row.one_time,
    kemOneTimePrekeys: row.kem_one_time,
  }
}

/** @param row - missing for almost every account. */
export function quotasOf(row: QuotasRow | undefined): Quotas {
  if (row === undefined) return NO_QUOTAS
  const { mailbox_envelopes, mailbox_bytes, tokens } = row
  return { mailboxEnvelopes: mailbox_envelopes, mailboxBytes: mailbox_bytes, tokens }
}

/** @param rows - one for each mailbox of a blocked account, or one without a mailbox. */
export function blockedAccounts(
  rows: Iterable<{ readonly account: AccountId; readonly mailbox: MailboxId | null }>,
): readonly BlockedAccount[] {
  const found = new Map<AccountId, MailboxId[]>()
  for (const { account, mailbox } of rows) {
    const mailboxes = found.get(account) ?? []
    if (mailbox !== null) mailboxes.push(mailbox)
    found.set(account, mailboxes)
  }
  return [...found].map(([id, mailboxes]) => ({ id, mailboxes }))
}
