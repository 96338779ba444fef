import type { ErrorCode, Failure, NETWORK_ERRORS } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type {
  Account,
  Address,
  Contact,
  ContactId,
  Conversation,
  ConversationId,
  ConversationRow,
  EnvelopeTrace,
  HeldEnvelope,
  Invite,
  Message,
  MessageSeq,
  OutboxItem,
  PrekeyKind,
  SearchHit,
  StoredPrekey,
  StoredSession,
  UnconfirmedEnvelope,
} from './model.ts'
import type { KeyLogProof, RelayLogTable, SignedHead } from './relay-log-ports.ts'

// ---- Keychain -------------------------------------------------------------------------------------------------

/** Everything of a profile that is not in the encrypted store. Three secrets of 32 bytes, nothing else. */
export interface ProfileSecrets {
  /** Scalar of the account signing key. */
  readonly signingKey: Uint8Array
  /** Scalar of the device agreement key. */
  readonly agreementKey: Uint8Array
  readonly databaseKey: Uint8Array
}

export type KeychainLoadError =
  | 'KEYCHAIN_NOT_RUNNING'
  | 'KEYCHAIN_LOCKED'
  | 'KEYCHAIN_DENIED'
  | 'KEYCHAIN_ENTRY_MISSING'
  | 'KEYCHAIN_ENTRY_DAMAGED'
  | 'PASSPHRASE_WRONG'
  | 'VAULT_DAMAGED'

export type KeychainSaveError =
  'KEYCHAIN_UNAVAILABLE' | 'KEYCHAIN_LOCKED' | 'KEYCHAIN_DENIED' | 'PASSPHRASE_WEAK' | 'STORE_FULL'

export type KeychainRemoveError =
  'KEYCHAIN_NOT_RUNNING' | 'KEYCHAIN_LOCKED' | 'KEYCHAIN_DENIED' | 'STORE_FULL'

/** Where the secrets of one profile are kept: the OS keychain, or a passphrase vault. Never deletes on failure. */
export interface Keychain {
  readonly protection: 'keychain' | 'vault'
  /** For "Key health": what protects the keys, in the platform's words (`Secret Service`, `macOS Keychain`, …). */
  readonly backend: string
  load(): Promise<Result<ProfileSecrets, Failure<KeychainLoadError>>>
  /** Writes, reads back and compares before it reports success. */
  save(secrets: ProfileSecrets): Promise<Result<void, Failure<KeychainSaveError>>>
  /** Removes the entry; removing a missing one succeeds. */
  remove(): Promise<Result<void, Failure<KeychainRemoveError>>>
}

/** Where the files of one profile lie. */
export interface ProfileStorage {
  /** Whether there is a database file. */
  exists(): boolean
  /** Makes a database that holds the account: both or neither are there. */
  create(
    databaseKey: Uint8Array,
    account: Account,
  ): Result<Store, Failure<'PROFILE_EXISTS' | 'STORE_FULL' | 'STORE_DAMAGED'>>
  /** Never changes or removes a file that it cannot open. */
  open(databaseKey: Uint8Array): Result<Store, Failure<StoreOpenError>>
  /** Removes the database. Only for an account that was deleted, or whose creation was refused. */
  discard(): void
}

export type StoreOpenError =
  | 'PROFILE_MISSING'
  | 'PROFILE_IN_USE'
  | 'STORE_KEY_WRONG'
  | 'STORE_DAMAGED'
  | 'STORE_TOO_NEW'
  | 'STORE_FULL'

// ---- Clock, randomness, log -----------------------------------------------------------------------------------

export interface Clock {
  nowMs(): number
  /** Calls back once after `delayMs`; the returned function cancels. */
  schedule(delayMs: number, callback: () => void): () => void
}

/** Cryptographically strong random bytes. */
export type Random = (length: number) => Uint8Array<ArrayBuffer>

/** Local log: codes and numbers only; never keys, plaintext, names or addresses. */
export interface Log {
  info(event: string, data?: Readonly<Record<string, number | string | boolean>>): void
  warn(event: string, data?: Readonly<Record<string, number | string | boolean>>): void
  error(event: string, cause: unknown): void
}

// ---- Store ----------------------------------------------------------------------------------------------------

/**
 * The encrypted local store. Synchronous: every method is one or few statements; callers group them with
 * `transaction`. A full disk or a damaged page throws `StoreError`; nothing is half-written.
 */
export interface Store {
  /** Runs `work` in one immediate transaction: all of it is durable on return, or none where it throws. Nests as savepoints. */
  transaction<T>(work: () => T): T
  readonly account: AccountTable
  readonly settings: SettingsTable
  readonly prekeys: PrekeyTable
  readonly contacts: ContactTable
  readonly invites: InviteTable
  readonly sessions: SessionTable
  readonly conversations: ConversationTable
  readonly messages: MessageTable
  readonly traces: TraceTable
  readonly outbox: OutboxTable
  readonly unconfirmed: UnconfirmedTable
  readonly inbox: InboxTable
  readonly relayLogs: RelayLogTable
  /** Bytes on disk, for the storage settings. */
  sizeBytes(): number
  /**
   * Does a short piece of upkeep: takes the words of messages that were removed in bulk out of the search
   * index. Says whether more is left; to be called again in idle moments until it is not.
   */
  tidy(): boolean
  /** The cipher of the file's pages, for "Key health". */
  readonly cipher: string
  close(): void
}

/** Thrown by the store for conditions of the machine. */
export interface StoreErrorShape extends Error {
  readonly code: Extract<ErrorCode, 'STORE_FULL' | 'STORE_DAMAGED' | 'INTERNAL'>
}

export interface AccountTable {
  get(): Account | null
  save(account: Account): void
  setCursor(relayCursor: number): void
}

/** Small JSON values by name (settings, window state, upkeep times). */
export interface SettingsTable {
  get(name: string): unknown
  set(name: string, value: unknown): void
}

export interface PrekeyTable {
  add(prekeys: readonly StoredPrekey[]): void
  get(kind: PrekeyKind, id: number): StoredPrekey | null
  /** All of one kind, oldest first. */
  list(kind: PrekeyKind): StoredPrekey[]
  highestId(kind: PrekeyKind): number
  retire(kind: PrekeyKind, id: number, atMs: number): void
  remove(kind: PrekeyKind, id: number): void
}

export interface ContactTable {
  /** Throws where the address is there already. */
  add(contact: Omit<Contact, 'id'>): Contact
  get(id: ContactId): Contact | null
  byAddress(address: Address): Contact | null
  byInboundLabel(label: Uint8Array): Contact | null
  list(): Contact[]
  update(id: ContactId, change: Partial<Omit<Contact, 'id' | 'address'>>): Contact
  /** With its conversation, messages, sessions and outbox. */
  remove(id: ContactId): void
}

export interface InviteTable {
  add(invite: Invite): void
  byLabel(label: Uint8Array): Invite | null
  list(): Invite[]
  update(label: Uint8Array, change: Partial<Pick<Invite, 'registered' | 'usedBy'>>): void
  remove(label: Uint8Array): void
}

export interface SessionTable {
  /** Inserts or replaces by id. Where `current` is set, the contact's other sessions with that device lose it. */
  save(session: StoredSession): void
  get(id: Uint8Array): StoredSession | null
  /** Of one contact, current first, then the most recently used. */
  list(contactId: ContactId): StoredSession[]
  current(contactId: ContactId, deviceId: number): StoredSession | null
  remove(id: Uint8Array): void
  removeAll(contactId: ContactId): void
  /** Remembers an accepted handshake (PROTOCOL §4.5). */
  rememberHandshake(
    handshakeId: Uint8Array,
    contactId: ContactId,
    signedPrekeyId: number,
    atMs: number,
  ): void
  knowsHandshake(handshakeId: Uint8Array): boolean
  /** Whose session an accepted handshake began, while both are there. */
  contactOfHandshake(handshakeId: Uint8Array): ContactId | null
  /** Forgets handshakes made with a signed prekey that is deleted now. */
  forgetHandshakes(signedPrekeyId: number): void
}

export interface ConversationTable {
  add(conversation: Omit<Conversation, 'id'>): Conversation
  get(id: ConversationId): Conversation | null
  byContact(contactId: ContactId): Conversation | null
  update(
    id: ConversationId,
    change: Partial<Omit<Conversation, 'id' | 'contactId' | 'createdAtMs'>>,
  ): Conversation
  /** All rows for the list, pinned first, then by last activity, newest first. */
  rows(): ConversationRow[]
  row(id: ConversationId): ConversationRow | null
  totalUnread(): number
}

export interface MessagePageQuery {
  readonly conversationId: ConversationId
  /** `before`/`after` are exclusive; `around` gives half a page on each side of it, itself included. None: the newest. */
  readonly position:
    | { readonly kind: 'newest' }
    | { readonly kind: 'before'; readonly seq: MessageSeq }
    | { readonly kind: 'after'; readonly seq: MessageSeq }
    | { readonly kind: 'around'; readonly seq: MessageSeq }
  readonly limit: number
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: Message[]
  readonly hasOlder: boolean
  readonly hasNewer: boolean
}

export interface MessageSearchQuery {
  /** What the user typed: words (all must occur; the last one may be a beginning). Never FTS5 syntax. */
  readonly text: string
  readonly conversationId: ConversationId | null
  /** Exclusive upper bound for paging, newest first. */
  readonly beforeSeq: MessageSeq | null
  readonly limit: number
}

export interface MessageTable {
  /** Returns `null` where this author's id is stored in this conversation already. */
  add(message: Omit<Message, 'seq'>): Message | null
  get(seq: MessageSeq): Message | null
  byId(conversationId: ConversationId, author: 'me' | 'them', id: Uint8Array): Message | null
  page(query: MessagePageQuery): MessagePage
  /** The oldest message of the other side after `readUpTo`, where the thread opens. */
  firstUnread(conversationId: ConversationId): MessageSeq | null
  /** Ids of the other side's text messages with `after < seq <= upTo`, in order; at most the newest 1,000. */
  idsOfTheirs(
    conversationId: ConversationId,
    after: MessageSeq | null,
    upTo: MessageSeq,
  ): Uint8Array[]
  /** Moves a state forward only (waiting < sent < delivered < read; failed only from waiting). Says whether it moved. */
  advanceState(seq: MessageSeq, state: Message['state'], errorCode?: ErrorCode): boolean
  /** From `failed` back to `waiting`. */
  resetFailed(seq: MessageSeq): void
  /** Fills an `unreadable` placeholder with what arrived when it was sent again. */
  replaceUnreadable(seq: MessageSeq, message: Omit<Message, 'seq'>): Message
  search(query: MessageSearchQuery): SearchHit[]
  /** With its trace. */
  remove(seq: MessageSeq): void
  /** All messages of a conversation, in order, for exports. */
  iterate(conversationId: ConversationId): IterableIterator<Message>
  removeAll(conversationId: ConversationId): void
}

export interface TraceTable {
  add(trace: EnvelopeTrace): void
  byMessage(seq: MessageSeq): EnvelopeTrace | null
  byEnvelope(envelopeId: Uint8Array): EnvelopeTrace | null
  setRelayedAt(envelopeId: Uint8Array, atMs: number): void
  /** Gives what was sent in a conversation other ids: nobody can ask for it again by those that the relay knows. */
  forgetIds(conversationId: ConversationId): void
  /** Drops bytes and keys of all but the newest `keep` traces; the ids stay. */
  prune(keep: number): void
}

export interface OutboxTable {
  add(item: OutboxItem): void
  get(envelopeId: Uint8Array): OutboxItem | null
  /** Contacts for whom something waits. */
  contactsWaiting(): ContactId[]
  /** The oldest item for a contact, in order of `add`. */
  next(contactId: ContactId): OutboxItem | null
  /** Messages that wait; receipts and the like do not count. */
  count(): number
  /** All, in order of `add`. */
  list(): OutboxItem[]
  byMessage(seq: MessageSeq): OutboxItem[]
  setEnvelope(envelopeId: Uint8Array, envelope: Uint8Array, awaitsReceipt: boolean): void
  /** The receipt has come before the answer of the relay. */
  setReceipted(envelopeId: Uint8Array): void
  /** Drops the sealed form of what waits for a contact, and its ids: it is sealed anew, for new keys. */
  clearEnvelopes(contactId: ContactId): void
  remove(envelopeId: Uint8Array): void
  removeForContact(contactId: ContactId): void
}

export interface UnconfirmedTable {
  add(envelope: UnconfirmedEnvelope): void
  get(envelopeId: Uint8Array): UnconfirmedEnvelope | null
  byHash(contactId: ContactId, hash: Uint8Array): UnconfirmedEnvelope | null
  /** Those whose time has come, in the order of their first deposit. */
  due(nowMs: number, limit: number): UnconfirmedEnvelope[]
  /** When the next one is due; `null` where there is none. */
  nextDueMs(): number | null
  update(
    envelopeId: Uint8Array,
    change: Partial<Pick<UnconfirmedEnvelope, 'envelopeId' | 'repeats' | 'dueAtMs' | 'overdue'>>,
  ): void
  /** Everything for a contact is due by then at the latest. */
  hasten(contactId: ContactId, dueAtMs: number): void
  markOverdue(contactId: ContactId): void
  remove(envelopeId: Uint8Array): void
  removeForMessage(seq: MessageSeq): void
  removeForContact(contactId: ContactId): void
  /** Forgets what was deposited before then, and the oldest ones beyond so many bytes. */
  prune(beforeMs: number, maxBytes: number): void
}

export interface InboxTable {
  /** Whether an envelope with this hash (16 bytes) was taken in: opened or held. */
  seen(envelopeHash: Uint8Array): boolean
  /** `owesReceipt`: it was opened, and its sender waits for a receipt. */
  markSeen(envelopeHash: Uint8Array, atMs: number, owesReceipt: boolean): void
  /** Whether an envelope with this hash was opened and its sender waits for a receipt. */
  owesReceipt(envelopeHash: Uint8Array): boolean
  /** It was not taken in after all. */
  forgetSeen(envelopeHash: Uint8Array): void
  forgetSeenBefore(atMs: number): void
  hold(envelope: HeldEnvelope): void
  held(envelopeId: Uint8Array): HeldEnvelope | null
  /** All of one status, oldest first; of one contact where one is given. */
  listHeld(status: HeldEnvelope['status'], contactId?: ContactId): HeldEnvelope[]
  updateHeld(
    envelopeId: Uint8Array,
    change: Partial<Omit<HeldEnvelope, 'envelopeId' | 'label' | 'envelope'>>,
  ): void
  release(envelopeId: Uint8Array): void
}

// ---- Relay ----------------------------------------------------------------------------------------------------

export type NetworkError = (typeof NETWORK_ERRORS)[number] | 'INTERNAL' | 'INVALID_INPUT'

type RelayResult<T, Code extends ErrorCode = never> = Promise<
  Result<T, Failure<Code | NetworkError>>
>

/** `host` or `host:port` of a relay, lower-case. */
export type RelayHost = string

export interface RelayInfo {
  readonly version: string
  readonly registration: 'open' | 'work' | 'invite'
  /** False: reached without TLS (loopback and private networks only); the interface warns. */
  readonly secure: boolean
  readonly serverTimeMs: number
}

/** Signs for this device; made from the keychain's secrets by core, so that the relay client never holds a key. */
export interface RequestSigner {
  readonly name: string
  readonly deviceId: number
  /** Account signing key as a 65-byte point. */
  readonly signingKey: Uint8Array
  /** ECDSA P-256 with SHA-256, IEEE P1363 (64 bytes), over the RFC 9421 signature base. */
  sign(signatureBase: Uint8Array): Uint8Array
}

export interface PublishedPrekeys {
  /** Greater than at the last upload. */
  readonly version: number
  readonly signed: {
    readonly id: number
    readonly publicKey: Uint8Array
    readonly signature: Uint8Array
  }
  readonly kemLastResort: {
    readonly id: number
    readonly publicKey: Uint8Array
    readonly signature: Uint8Array
  }
  /** New ones, added to those the relay still holds. */
  readonly oneTime: readonly { readonly id: number; readonly publicKey: Uint8Array }[]
  readonly kemOneTime: readonly {
    readonly id: number
    readonly publicKey: Uint8Array
    readonly signature: Uint8Array
  }[]
}

export interface PrekeysLeft {
  /** Of the last upload that the relay has. */
  readonly version: number
  readonly oneTime: number
  readonly kemOneTime: number
}

export interface RelayIdentity {
  readonly signingKey: Uint8Array
  readonly devices: readonly { readonly deviceId: number; readonly certificate: Uint8Array }[]
  /** `null` where the account has not given its device list yet. */
  readonly log: KeyLogProof | null
}

export interface RelayBundles {
  readonly signingKey: Uint8Array
  readonly bundles: readonly RelayBundle[]
  readonly log: KeyLogProof | null
}

export interface RelayBundle {
  readonly deviceId: number
  readonly certificate: Uint8Array
  readonly signedPrekey: {
    readonly id: number
    readonly publicKey: Uint8Array
    readonly signature: Uint8Array
  }
  readonly kemPrekey: {
    readonly id: number
    readonly publicKey: Uint8Array
    readonly signature: Uint8Array
    readonly lastResort: boolean
  }
  readonly oneTimePrekey: { readonly id: number; readonly publicKey: Uint8Array } | null
}

export interface TokenRegistration {
  /** `tokenHash(token)` of `#crypto/delivery-token.ts`, 32 bytes. */
  readonly hash: Uint8Array
  /** 16 bytes. */
  readonly label: Uint8Array
  /** Number of deposits it is good for; `null`: no limit. */
  readonly uses: number | null
  readonly expiresAtMs: number | null
}

export interface IncomingEnvelope {
  /** Sequence of the relay for this device; cursor for the next connection. */
  readonly relaySeq: number
  readonly envelopeId: Uint8Array
  /** 16 bytes; all zero for a knock. */
  readonly label: Uint8Array
  readonly envelope: Uint8Array
  readonly relayedAtMs: number
}

export interface SubscriptionHandlers {
  /**
   * Takes envelopes in order; resolves when they are durable here, and only then they are acknowledged.
   * A rejection leaves them at the relay and closes the connection for a later try.
   */
  received(batch: readonly IncomingEnvelope[]): Promise<void>
  /** The relay has nothing more that waits. */
  drained(): void
  stateChanged(state: ConnectionState): void
}

export type ConnectionState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'online'; readonly transport: 'stream' | 'poll'; readonly secure: boolean }
  | {
      readonly kind: 'offline'
      readonly code: NetworkError | 'UNAUTHORIZED' | 'ACCOUNT_UNKNOWN'
      /** When the next try is due. */
      readonly retryAtMs: number
    }

export interface Subscription {
  /** After sleep or a network change: try now instead of waiting. */
  reconnectNow(): void
  close(): Promise<void>
}

export interface Relay {
  /** Whether a relay's host is this computer or in a private network, by its number. Asks nobody. */
  isPrivate(host: RelayHost): boolean
  info(host: RelayHost): RelayResult<RelayInfo>
  /** Not free: false, or the code that says why. */
  nameFree(
    host: RelayHost,
    name: string,
  ): RelayResult<boolean, 'NAME_INVALID' | 'NAME_LOOKS_TAKEN' | 'NAME_RESERVED'>
  /** Idempotent for the same key. Does the relay's proof of work where it wants one. */
  register(
    host: RelayHost,
    signer: RequestSigner,
    device: { readonly certificate: Uint8Array; readonly deviceList?: Uint8Array },
    inviteCode: string | null,
  ): RelayResult<
    void,
    | 'NAME_TAKEN'
    | 'NAME_INVALID'
    | 'NAME_LOOKS_TAKEN'
    | 'NAME_RESERVED'
    | 'INVITE_CODE_REQUIRED'
    | 'INVITE_CODE_INVALID'
    | 'CONFLICT'
  >
  deleteAccount(
    host: RelayHost,
    signer: RequestSigner,
  ): RelayResult<void, 'UNAUTHORIZED' | 'ACCOUNT_UNKNOWN'>
  publishPrekeys(
    host: RelayHost,
    signer: RequestSigner,
    prekeys: PublishedPrekeys,
  ): RelayResult<PrekeysLeft, 'UNAUTHORIZED' | 'CONFLICT'>
  prekeysLeft(host: RelayHost, signer: RequestSigner): RelayResult<PrekeysLeft, 'UNAUTHORIZED'>
  /** `CONFLICT`: another account has a token of those to add. */
  putTokens(
    host: RelayHost,
    signer: RequestSigner,
    tokens: { readonly add: readonly TokenRegistration[]; readonly revoke: readonly Uint8Array[] },
  ): RelayResult<void, 'UNAUTHORIZED' | 'CONFLICT'>
  fetchIdentity(host: RelayHost, name: string): RelayResult<RelayIdentity, 'ACCOUNT_UNKNOWN'>
  /** Takes one-time keys; `idempotencyKey` (16 bytes) makes a repetition return the same ones. */
  fetchBundles(
    host: RelayHost,
    name: string,
    idempotencyKey: Uint8Array,
  ): RelayResult<RelayBundles, 'ACCOUNT_UNKNOWN'>
  /** The newest checkpoint of a relay's log. */
  fetchLogHead(host: RelayHost): RelayResult<SignedHead>
  /** Path of a consistency proof; `NOT_FOUND` where the relay says that it has no such sizes. */
  fetchConsistency(
    host: RelayHost,
    oldSize: number,
    size: number,
  ): RelayResult<readonly Uint8Array[], 'NOT_FOUND'>
  /** What the log says about a name: at a size (the newest), with the chain's entries after a number (the last). */
  fetchChain(
    host: RelayHost,
    name: string,
    at: { readonly size?: number; readonly after?: number },
  ): RelayResult<KeyLogProof, 'ACCOUNT_UNKNOWN'>
  /** Succeeds only when the envelope is durable at the relay (or was already). */
  deposit(
    host: RelayHost,
    deposit: {
      readonly envelopeId: Uint8Array
      readonly deviceId: number
      readonly token: Uint8Array
      readonly envelope: Uint8Array
    },
  ): RelayResult<void, 'DELIVERY_REFUSED' | 'MAILBOX_FULL' | 'RELAY_FULL' | 'TOO_LARGE'>
  knock(
    host: RelayHost,
    knock: {
      readonly envelopeId: Uint8Array
      readonly name: string
      readonly deviceId: number
      readonly envelope: Uint8Array
    },
  ): RelayResult<void, 'ACCOUNT_UNKNOWN' | 'MAILBOX_FULL' | 'RELAY_FULL' | 'TOO_LARGE'>
  /** Stays connected until closed: WebSocket first, long poll where that is blocked; reconnects with jittered backoff. */
  subscribe(
    host: RelayHost,
    signer: RequestSigner,
    afterRelaySeq: number,
    handlers: SubscriptionHandlers,
  ): Subscription
  /**
   * Calls back with the era (RELAY-API §9) that an answer of a relay tells, 22 characters of base64url; before the
   * call it answers resolves.
   */
  onEra(listener: (host: RelayHost, era: string) => void): void
  /** Applies to new connections at once, and makes those anew that are kept. */
  setProxy(proxy: ProxySetting): void
  close(): Promise<void>
}

export type ProxySetting =
  | { readonly kind: 'none' }
  /** What the platform names for each relay, asked for each connection: it changes with the network. */
  | { readonly kind: 'system' }
  /** `http://host:port` or `socks5://host:port`, with user and password where needed. */
  | { readonly kind: 'custom'; readonly url: string }
