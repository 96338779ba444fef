import type { Brand } from '#shared/brand.ts'
import type { ErrorCode } from '#shared/errors.ts'

import type { Address } from '#protocol/address.ts'

export type { Address }

/** Local number of a contact. */
export type ContactId = Brand<number, 'ContactId'>

/** Local number of a conversation. */
export type ConversationId = Brand<number, 'ConversationId'>

/** Local number of a message: grows in the order in which this device stored them, over all conversations. */
export type MessageSeq = Brand<number, 'MessageSeq'>

/** The account of this profile; its secrets are in the keychain (`ProfileSecrets`). */
export interface Account {
  readonly address: Address
  readonly deviceId: number
  /** Chosen by the user, told to contacts; may be empty. */
  readonly displayName: string
  /** 65-byte point of the account signing key. */
  readonly signingKey: Uint8Array
  /** 65-byte point of the device agreement key. */
  readonly agreementKey: Uint8Array
  /** Signed by the signing key (PROTOCOL §3). */
  readonly deviceCertificate: Uint8Array
  readonly createdAtMs: number
  /** False until the relay has confirmed the account; registering is repeated until then. */
  readonly registered: boolean
  /** The last sequence number of the relay that is stored here. */
  readonly relayCursor: number
}

export type PrekeyKind = 'signed' | 'one-time' | 'kem-last-resort' | 'kem-one-time'

/** A prekey with its private part (a 32-byte scalar, or the 64-byte seed of ML-KEM-768). */
export interface StoredPrekey {
  readonly kind: PrekeyKind
  /** Positive uint32, unique per kind. */
  readonly id: number
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  /** By the account signing key; empty for one-time curve prekeys, which are not signed. */
  readonly signature: Uint8Array
  readonly createdAtMs: number
  /** When a newer one took its place (signed and last-resort keys); deleted 30 days later. */
  readonly retiredAtMs: number | null
}

export type Relation =
  /** We asked (by address) and wait for the other side. */
  | 'request-out'
  /** They asked and wait for us. */
  | 'request-in'
  | 'accepted'
  | 'blocked'

export interface Contact {
  readonly id: ContactId
  readonly address: Address
  /** What they call themselves; may be empty. */
  readonly displayName: string
  /** What we call them; empty where we did not choose a name. */
  readonly petname: string
  /** 65-byte point of their account signing key, pinned at first sight. */
  readonly signingKey: Uint8Array
  readonly relation: Relation
  /** When the user compared the safety number, or the link carried the fingerprint; `null`: not verified. */
  readonly verifiedAtMs: number | null
  /** A different signing key seen for this address; sending stops until the user has looked at it. */
  readonly changedSigningKey: Uint8Array | null
  /** The delivery token they gave us (32 bytes); `null` where we may only knock. */
  readonly outboundToken: Uint8Array | null
  /** Whether `outboundToken` is that of their invite link (bounded; PROTOCOL §17) or one made for us. */
  readonly outboundTokenKind: 'invite' | 'grant' | null
  /** The token and label made for them; the relay shows us the label with what they deposit. */
  readonly inboundToken: Uint8Array
  readonly inboundLabel: Uint8Array
  /** Whether our relay knows `inboundToken` by now. */
  readonly inboundTokenRegistered: boolean
  /** Whether they have been told `inboundToken` (or it is on its way in the outbox). */
  readonly inboundTokenGranted: boolean
  /** Whether the one knock we may leave has been deposited. */
  readonly knocked: boolean
  readonly createdAtMs: number
}

/** An invite link given out: the first who shows that they have it becomes a contact without a request. */
export interface Invite {
  /** 16 bytes, the label that the relay shows with deposits. */
  readonly label: Uint8Array
  /** 32 bytes, in the link alone: the relay gets what is derived from it (PROTOCOL §17). */
  readonly token: Uint8Array
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly registered: boolean
  /** The contact that used it; later deposits by others are treated as requests. */
  readonly usedBy: ContactId | null
}

/** A Double Ratchet session with one device of a contact. */
export interface StoredSession {
  /** Equal on both sides (PROTOCOL §5). */
  readonly id: Uint8Array
  readonly contactId: ContactId
  readonly deviceId: number
  /** Made by `#crypto/session-codec.ts`. */
  readonly state: Uint8Array
  readonly createdAtMs: number
  readonly lastUsedAtMs: number
  /** The one session that sends; the others only receive. */
  readonly current: boolean
}

export interface Conversation {
  readonly id: ConversationId
  readonly contactId: ContactId
  readonly createdAtMs: number
  readonly pinned: boolean
  /** 0: not muted; `Number.MAX_SAFE_INTEGER`: for good. */
  readonly mutedUntilMs: number
  readonly archived: boolean
  readonly markedUnread: boolean
  readonly draft: string
  readonly signedMessages: boolean
  /** Messages of the other side up to here are read. */
  readonly readUpTo: MessageSeq | null
}

export type MessageState =
  /** Outgoing: not yet at the relay. */
  | 'waiting'
  /** Outgoing: durable at the receiver's relay. */
  | 'sent'
  /** Outgoing: durable on the receiver's device. */
  | 'delivered'
  /** Outgoing: shown to the receiver. */
  | 'read'
  /** Outgoing: given up, see `errorCode`; can be retried by the user. */
  | 'failed'
  /** Incoming. */
  | 'received'

export type MessageKind =
  | 'text'
  /** A line of the conversation's own history, see `NoticeType`. */
  | 'notice'
  /** Something arrived that could not be opened; replaced when it is sent again. */
  | 'unreadable'

export type NoticeType =
  | 'contact-added'
  | 'request-received'
  | 'request-accepted'
  | 'identity-changed'
  | 'identity-accepted'
  | 'verified'
  | 'unverified'
  | 'relay-key-differs'
  | 'session-repaired'
  | 'signed-messages-on'
  | 'signed-messages-off'

export interface Message {
  readonly seq: MessageSeq
  readonly conversationId: ConversationId
  /** 16 bytes, chosen by the author; unique per conversation and author. */
  readonly id: Uint8Array
  readonly author: 'me' | 'them'
  readonly kind: MessageKind
  /** The text; for notices the `NoticeType`; empty for unreadable ones. */
  readonly text: string
  /** By the author's clock. */
  readonly sentAtMs: number
  /** By this device's clock. */
  readonly storedAtMs: number
  readonly state: MessageState
  readonly errorCode: ErrorCode | null
  readonly replyTo: ReplyReference | null
  readonly signature: 'none' | 'valid' | 'invalid'
}

/** Names a message by its author's id, with enough of it to show where the original is gone. */
export interface ReplyReference {
  readonly messageId: Uint8Array
  readonly author: 'me' | 'them'
  /** At most 200 characters. */
  readonly excerpt: string
}

/**
 * What the relay stored for a message, kept (with the message's own single-use key) beside the message, so
 * that "Inspect message" can show and reopen it; it goes when the message goes.
 */
export interface EnvelopeTrace {
  /** 16 bytes. */
  readonly envelopeId: Uint8Array
  readonly messageSeq: MessageSeq
  readonly direction: 'out' | 'in'
  /** 16 bytes; `null` for outgoing ones (only the receiver's relay shows a label). */
  readonly label: Uint8Array | null
  /** `null` once pruned by age. */
  readonly envelope: Uint8Array | null
  readonly messageKey: Uint8Array | null
  /** Counters for display, JSON made by core. */
  readonly position: string
  /** When the relay stored it (incoming) or confirmed it (outgoing); 0: not yet. */
  readonly relayedAtMs: number
}

/** Something to deposit: sealed when a session is there, else content that waits for one. */
export interface OutboxItem {
  /** 16 bytes, the idempotency key at the relay. */
  readonly envelopeId: Uint8Array
  readonly contactId: ContactId
  readonly deviceId: number
  readonly messageSeq: MessageSeq | null
  /** Encoded content (`#protocol/content.ts`), unpadded; kept until the deposit for sealing anew. */
  readonly content: Uint8Array
  readonly envelope: Uint8Array | null
  /** Whether the sealed envelope is kept after the deposit, until a receipt for it comes. */
  readonly awaitsReceipt: boolean
  readonly createdAtMs: number
}

/** An envelope that the receiver's relay has confirmed and the receiver has not: a relay may lose what it has. */
export interface UnconfirmedEnvelope {
  /** Under which it was deposited last. */
  readonly envelopeId: Uint8Array
  /** The first 16 bytes of the envelope's SHA-256: how receipts name it. */
  readonly hash: Uint8Array
  readonly contactId: ContactId
  readonly deviceId: number
  readonly messageSeq: MessageSeq | null
  /** As in {@link OutboxItem}. */
  readonly content: Uint8Array
  readonly envelope: Uint8Array
  /** For the first time. */
  readonly depositedAtMs: number
  /** How often it was deposited again. */
  readonly repeats: number
  readonly dueAtMs: number
  /** The receiver has written since, and so would have confirmed it: its receipt may be what was lost. */
  readonly overdue: boolean
}

/** An envelope that could not be opened or not yet be judged; its bytes are kept for another try. */
export interface HeldEnvelope {
  readonly envelopeId: Uint8Array
  readonly label: Uint8Array
  readonly envelope: Uint8Array
  readonly receivedAtMs: number
  readonly relayedAtMs: number
  /**
   * `pending`: waits for a look-up (for example of the sender's identity); `failed`: could not be opened; `untaken`: held
   * the text of somebody who is not accepted yet, its bytes are gone.
   */
  readonly status: 'pending' | 'failed' | 'untaken'
  readonly errorCode: ErrorCode | null
  readonly contactId: ContactId | null
  /** The placeholder shown in the thread. */
  readonly messageSeq: MessageSeq | null
}

/** What the conversation list shows of a conversation, in one query. */
export interface ConversationRow {
  readonly conversation: Conversation
  readonly contact: Contact
  readonly lastMessage: Message | null
  readonly unreadCount: number
}

export interface SearchHit {
  readonly message: Message
  readonly conversationId: ConversationId
  /** Character ranges of `message.text` that matched, `[start, end)`. */
  readonly ranges: readonly (readonly [number, number])[]
}
