import type { AccountId, MailboxId } from './storage.ts'

// What the operator's tools need from the database, beside what the routes need. Part of the storage port: both
// engines offer it, and one conformance suite checks it.

/** Limits of one account that replace those of the configuration; `null`: the configuration's. */
export interface Quotas {
  readonly mailboxEnvelopes: number | null
  readonly mailboxBytes: number | null
  readonly tokens: number | null
}

export const NO_QUOTAS: Quotas = { mailboxEnvelopes: null, mailboxBytes: null, tokens: null }

export interface InviteRecord {
  /** SHA-256 of the code: the code itself is stored nowhere. */
  readonly hash: Uint8Array
  readonly usesLeft: number
  readonly expiresAtMs: number
}

export interface AccountSummary {
  readonly name: string
  readonly createdAtMs: number
  readonly devices: number
  readonly waiting: number
  readonly waitingBytes: number
  /** `null`: not blocked. */
  readonly blockedAtMs: number | null
}

export interface DeviceSummary {
  readonly deviceId: number
  readonly mailbox: MailboxId
  readonly seenAtMs: number
  readonly waiting: number
  readonly waitingBytes: number
  readonly oneTimePrekeys: number
  readonly kemOneTimePrekeys: number
}

export interface AccountDetails {
  readonly id: AccountId
  readonly name: string
  readonly createdAtMs: number
  readonly blockedAtMs: number | null
  readonly quotas: Quotas
  readonly tokens: number
  readonly devices: readonly DeviceSummary[]
}

export interface BlockedAccount {
  readonly id: AccountId
  readonly mailboxes: readonly MailboxId[]
}

export interface StorageStatistics {
  readonly accounts: number
  readonly devices: number
  readonly blockedAccounts: number
  readonly waiting: number
  readonly waitingBytes: number
  /** Of invite codes that are still good. */
  readonly inviteUsesLeft: number
  readonly databaseBytes: number
  /** Accounts made on each of the last 30 days (UTC, the youngest first) that still exist; days without are left out. */
  readonly registrations: readonly { readonly day: string; readonly accounts: number }[]
}

/** How far back {@link StorageStatistics.registrations} goes, today included. */
export const STATISTICS_DAYS = 30
/**
 * Added by `markRestored` to every device's last sequence and to the last id of accounts and mailboxes: more than
 * can have been given out between a backup and its restore, so that no number stands for two things.
 */
export const RESTORE_JUMP = 1_000_000_000

export interface StorageAdministration {
  /** Invite codes that are still good, by hash, from beyond `after`. */
  listInvites(
    after: Uint8Array | null,
    limit: number,
    nowMs: number,
  ): Promise<readonly InviteRecord[]>
  /** @returns false where there is no such code. */
  revokeInvite(hash: Uint8Array): Promise<boolean>

  /** Accounts by name, from beyond `after`, whose names begin with `prefix`. */
  listAccounts(
    prefix: string,
    after: string | null,
    limit: number,
  ): Promise<readonly AccountSummary[]>
  describeAccount(name: string): Promise<AccountDetails | null>
  /** @returns false where the account is gone. */
  setQuotas(account: AccountId, quotas: Quotas): Promise<boolean>
  /**
   * Blocks an account, or with `null` lifts the block. While it lasts its mailboxes take nothing, as if they were
   * full. That it can't sign in is up to the routes.
   * @returns false where the account is gone.
   */
  setBlocked(account: AccountId, atMs: number | null): Promise<boolean>
  blockedAccounts(): Promise<readonly BlockedAccount[]>

  /** Keeps a name from being registered. An account that has it already keeps it. */
  reserveName(name: string): Promise<void>
  /** @returns false where the name was not reserved. */
  releaseName(name: string): Promise<boolean>
  isReserved(name: string): Promise<boolean>
  /** Reserved names in order, from beyond `after`. */
  reservedNames(after: string | null, limit: number): Promise<readonly string[]>

  /** Counts everything, without holding up the requests that run meanwhile. */
  statistics(nowMs: number): Promise<StorageStatistics>

  /** When this database was last brought back from a backup; `null`: never. */
  readonly restoredAtMs: number | null
  /**
   * Makes a database safe that was brought back from a backup (RELAY-API §10), before a relay serves it: drops what
   * may have been given out or used up since, takes a new secret and lets all numbers jump. Takes effect for
   * `secret` and `restoredAtMs` when the storage is opened again.
   */
  markRestored(nowMs: number): Promise<void>
}
