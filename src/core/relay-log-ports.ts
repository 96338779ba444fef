import type { ChainHead, ChainProof } from '#crypto/key-log.ts'
import type { Address } from '#protocol/address.ts'
import type { DistrustReason } from '#shared/views.ts'
import type { ContactId } from './model.ts'
import type { RelayHost } from './ports.ts'

// What core keeps about the logs of relays (PROTOCOL §18), and what relays say of them.

/** The key of a relay's log and a checkpoint under it, nothing of it verified. */
export interface SignedHead {
  /** 65-byte point. */
  readonly key: Uint8Array
  /** 113 bytes (PROTOCOL §18.5). */
  readonly checkpoint: Uint8Array
}

/** What a relay says its log has for a name, nothing of it verified. */
export interface KeyLogProof extends SignedHead {
  readonly chain: ChainProof
  /** The newest device list; `null` after a removal. */
  readonly deviceList: Uint8Array | null
}

/** Signed statements of the relay that show what it did, for the user to pass on. */
export interface Evidence {
  /** What was seen first. */
  readonly known: SignedHead | null
  /** What does not fit it. */
  readonly seen: SignedHead | null
}

export interface Distrust {
  readonly reason: DistrustReason
  readonly atMs: number
  readonly evidence: Evidence
}

/** What is known about one relay's log. */
export interface RelayLog {
  readonly host: RelayHost
  /** Pinned at first contact. */
  readonly key: Uint8Array
  /** The newest checkpoint that was verified. */
  readonly checkpoint: Uint8Array
  readonly distrust: Distrust | null
}

/** What the log said about a name when it was last looked at. */
export interface FollowedName {
  readonly address: Address
  /** Number of entries that the log had then. */
  readonly size: number
  readonly head: ChainHead
}

/** A checkpoint that a contact has seen, to be compared with what our relay shows us. */
export interface CheckpointClaim extends SignedHead {
  readonly contactId: ContactId
  readonly host: RelayHost
}

export interface RelayLogTable {
  get(host: RelayHost): RelayLog | null
  list(): RelayLog[]
  /** Inserts or replaces. */
  save(log: RelayLog): void
  /** Forgets a relay's log and what it said about names there, as before first contact. */
  forget(host: RelayHost): void

  followed(address: Address): FollowedName | null
  listFollowed(): FollowedName[]
  follow(name: FollowedName): void
  unfollow(address: Address): void

  /** Our own signed device list; `null` before the first. */
  ownList(): { readonly version: number; readonly bytes: Uint8Array } | null
  saveOwnList(list: { readonly version: number; readonly bytes: Uint8Array }): void

  /** One claim is kept for each contact and relay, the newest. */
  addClaim(claim: CheckpointClaim): void
  listClaims(): CheckpointClaim[]
  removeClaim(contactId: ContactId, host: RelayHost): void

  /** The last checkpoint of a relay that a contact was told. */
  told(contactId: ContactId, host: RelayHost): Uint8Array | null
  setTold(contactId: ContactId, host: RelayHost, checkpoint: Uint8Array): void
}
