import type { Brand } from '#shared/brand.ts'
import type { StorageAdministration } from './storage-admin.ts'
import type { BatchStorage } from './storage-batches.ts'
import type { BlobStorage } from './storage-blobs.ts'
import type { GroupStorage } from './storage-groups.ts'
import type { EraStorage } from './storage-era.ts'
import type { KeyLogStorage } from './storage-key-log.ts'
import type { NameStorage } from './storage-names.ts'
import type { WakeUpChannel } from './wake-up-channel.ts'

// What a relay needs from its database. Asynchronous and neutral: SQLite is one engine of it, a cluster's SQL
// another. A method that changes something resolves only when the change is durable.

/** Never used again for another account, so that a key for an old one opens nothing. */
export type AccountId = Brand<number, 'AccountId'>
/** The queue of one device; like {@link AccountId}, never used again. */
export type MailboxId = Brand<number, 'MailboxId'>

interface DeviceRecord {
  readonly deviceId: number
  readonly mailbox: MailboxId
  readonly certificate: Uint8Array
}

/** What a signature is checked with. */
export interface SignerRecord {
  readonly id: AccountId
  /** 65-byte point. */
  readonly signingKey: Uint8Array
}

export interface AccountRecord extends SignerRecord {
  readonly name: string
  readonly devices: readonly DeviceRecord[]
}

export interface NewDeviceList {
  readonly version: number
  readonly bytes: Uint8Array
  /** The devices that it names: others go, with all they hold, once it is the newest one. */
  readonly deviceIds: readonly number[]
}

export interface NewAccount {
  readonly name: string
  readonly signingKey: Uint8Array
  readonly deviceId: number
  readonly certificate: Uint8Array
  /** SHA-256 of the invite code to spend; `null` where none is wanted. */
  readonly inviteHash: Uint8Array | null
  /** Its signed device list, for the log; missing from clients that give none. */
  readonly deviceList?: NewDeviceList | null
}

export type Registration =
  /**
   * `existing`: the same key again; the device's certificate is now the given one. `stale`: it has another certificate,
   * but no newer device list that names it. `too-many`: the account has as many devices as a list can name.
   * `looks-taken`: another account's name has the same skeleton; no two ever have, but for those that were there before
   * the rule.
   */
  {
    readonly outcome:
      'created' | 'existing' | 'stale' | 'too-many' | 'taken' | 'looks-taken' | 'invite-refused'
  }

export interface Prekey {
  readonly id: number
  readonly publicKey: Uint8Array
}

export interface SignedPrekey extends Prekey {
  readonly signature: Uint8Array
}

export interface PrekeyUpload {
  readonly version: number
  readonly signed: SignedPrekey
  readonly kemLastResort: SignedPrekey
  readonly oneTime: readonly Prekey[]
  readonly kemOneTime: readonly SignedPrekey[]
}

export interface PrekeyCounts {
  readonly version: number
  readonly oneTime: number
  readonly kemOneTime: number
}

export type Publication =
  | { readonly outcome: 'stored' | 'stale' | 'too-many'; readonly counts: PrekeyCounts }
  | { readonly outcome: 'gone' }

export interface PrekeyBundle {
  readonly deviceId: number
  readonly certificate: Uint8Array
  readonly signedPrekey: SignedPrekey
  readonly kemPrekey: SignedPrekey & { readonly lastResort: boolean }
  readonly oneTimePrekey: Prekey | null
}

export interface TokenRecord {
  /** SHA-256 of the token. */
  readonly hash: Uint8Array
  readonly label: Uint8Array
  readonly uses: number | null
  readonly expiresAtMs: number | null
}

export interface BundleRequest {
  readonly hash: Uint8Array
  readonly nowMs: number
  readonly rememberUntilMs: number
  readonly lastResortOnly: boolean
}

export interface DepositedEnvelope {
  /** SHA-256 of the delivery token. */
  readonly tokenHash: Uint8Array
  readonly deviceId: number
  readonly id: Uint8Array
  readonly body: Uint8Array
}

/** Envelopes up to a sequence number, or by their ids. */
export type Acknowledged = { readonly through: number } | { readonly ids: readonly Uint8Array[] }

export interface StoredEnvelope {
  readonly sequence: number
  readonly id: Uint8Array
  readonly label: Uint8Array
  readonly receivedAtMs: number
  readonly body: Uint8Array
}

export type DepositOutcome =
  | { readonly outcome: 'stored'; readonly mailbox: MailboxId }
  /** The same envelope id before, waiting or already acknowledged. */
  | { readonly outcome: 'seen' }
  /** No such token or device, or the token is spent, expired or revoked. */
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'mailbox-full' }

export interface MailboxLimits {
  readonly envelopes: number
  readonly bytes: number
  readonly knocks: number
  /** A device that was not seen for longer takes no new envelopes. */
  readonly idleMs: number
}

/** Thrown (rejected) by a change that found no space. Nothing of it happened; reading goes on. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError'
}

/**
 * Thrown (rejected) where the database did not answer, or not so that a change is known to be durable. It may or may not
 * have happened: whoever asked repeats it.
 */
export class StorageUnavailableError extends Error {
  override readonly name = 'StorageUnavailableError'
}

export interface StorageState {
  /** On how many servers a change is when it is acknowledged: `quorum` is the primary and one standby at least. */
  readonly copies: 'one' | 'quorum'
}

export interface RelayStorage
  extends
    BatchStorage,
    BlobStorage,
    EraStorage,
    GroupStorage,
    KeyLogStorage,
    NameStorage,
    StorageAdministration {
  /** 32 random bytes made with the database: the root of session keys and of the registration salt. */
  readonly secret: Uint8Array
  /** Where several processes share the database: hints between them. */
  readonly wakeUpChannel?: WakeUpChannel

  /** The account and its entry in the log become durable together. */
  register(account: NewAccount, nowMs: number): Promise<Registration>
  findAccount(name: string): Promise<AccountRecord | null>
  /** Reads as much where there is no such account: how long it takes does not tell. */
  findSigner(name: string): Promise<SignerRecord | null>
  /** With all its devices, keys, tokens and envelopes; the log says so. Deleting a missing one does nothing. */
  deleteAccount(id: AccountId): Promise<void>
  /** Notes that the device is in use. */
  touchDevice(mailbox: MailboxId, nowMs: number): Promise<void>
  addInviteCode(hash: Uint8Array, uses: number, expiresAtMs: number): Promise<void>

  /** All of one upload or nothing. The version last stored again changes nothing; a lower one is `stale`. */
  publishPrekeys(mailbox: MailboxId, upload: PrekeyUpload, maxWaiting: number): Promise<Publication>
  /** @returns `null` where the mailbox is gone. */
  prekeyCounts(mailbox: MailboxId): Promise<PrekeyCounts | null>
  /**
   * One bundle per device that has published keys. A one-time key is given once and never again, except for the
   * same `hash` of a request until `rememberUntilMs`. `lastResortOnly` spares the one-time keys.
   * @returns `null` where the account is gone.
   */
  takeBundles(account: AccountId, request: BundleRequest): Promise<readonly PrekeyBundle[] | null>

  /**
   * A token is unknown, then active, then revoked, and never goes back: repeated and late requests change nothing.
   * Revoking another account's token does nothing.
   * @returns `conflict` where another account has one of those to add.
   */
  putTokens(
    account: AccountId,
    change: { readonly add: readonly TokenRecord[]; readonly revoke: readonly Uint8Array[] },
    maxTokens: number,
    nowMs: number,
  ): Promise<'stored' | 'conflict' | 'too-many' | 'gone'>

  deposit(
    envelope: DepositedEnvelope,
    limits: MailboxLimits,
    nowMs: number,
  ): Promise<DepositOutcome>
  knock(
    knock: {
      readonly mailbox: MailboxId
      readonly id: Uint8Array
      readonly body: Uint8Array
    },
    limits: MailboxLimits,
    nowMs: number,
  ): Promise<DepositOutcome>
  /**
   * What waits beyond `after`, in order: at most `limit` envelopes and, but for the first, `maxBytes`.
   * @returns `null` where the mailbox is gone.
   */
  waiting(
    mailbox: MailboxId,
    after: number,
    limit: number,
    maxBytes: number,
  ): Promise<readonly StoredEnvelope[] | null>
  /** Forgets the bodies; the ids stay until they expire. @returns how many were waiting. */
  acknowledge(mailbox: MailboxId, which: Acknowledged): Promise<number>

  /** @returns false where the nonce was used before. */
  useNonce(hash: Uint8Array, expiresAtMs: number): Promise<boolean>
  /** Removes a batch of what has had its time. @returns how many rows; 0 means nothing is left to remove. */
  expire(nowMs: number, retentionMs: number): Promise<number>
  /** Rejects where the database does not answer, or cannot make a change durable. */
  ping(): Promise<StorageState>
  close(): Promise<void>
}
