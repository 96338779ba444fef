import * as v from 'valibot'
import { ERRORS, type ErrorCode } from './errors.ts'
import { MAX_DRAFT_CHARS } from './text-limits.ts'

// What the shells (the page, the command line) show of a client. Nothing here has a place for a private key
// or a token: what has no schema cannot cross. All byte strings are public or already in the user's sight.

const text = (max: number) => v.pipe(v.string(), v.maxLength(max))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const timeMs = v.pipe(v.number(), v.minValue(0))
const hex = (bytes: number) => v.pipe(v.string(), v.regex(/^[0-9a-f]*$/), v.length(bytes * 2))

export const ErrorCodeView = v.custom<ErrorCode>(
  (value) => typeof value === 'string' && Object.hasOwn(ERRORS, value),
)

/** At most 64 characters (PROTOCOL §14.2), of up to two UTF-16 units each. */
const displayName = text(128)
/** A name with an address beside it. */
const title = text(500)

export const ContactIdView = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
export const ConversationIdView = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
export const MessageSeqView = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
export const AddressView = v.pipe(v.string(), v.maxLength(300))

// ---- Application ----------------------------------------------------------------------------------------------

export const AccountView = v.strictObject({
  address: AddressView,
  displayName,
  /** SHA-256 fingerprint of the account, for the generated avatar. */
  fingerprint: hex(32),
  createdAtMs: timeMs,
  /** False until the relay has confirmed the name. */
  registered: v.boolean(),
})
export type AccountView = v.InferOutput<typeof AccountView>

export const AppStateView = v.variant('phase', [
  v.strictObject({ phase: v.literal('starting') }),
  v.strictObject({
    phase: v.literal('first-run'),
    /** Whether this computer offers a keychain; `absent` means that a passphrase must be chosen. */
    keychain: v.picklist(['available', 'absent', 'locked']),
    /** From a `sotto://` link that started the app, if any. */
    inviteLink: v.nullable(text(2_000)),
  }),
  /** The keychain is locked: waiting, with retry. */
  v.strictObject({ phase: v.literal('keychain-locked') }),
  /** The passphrase vault wants its passphrase. */
  v.strictObject({ phase: v.literal('vault-locked') }),
  /** The profile cannot be opened; nothing was deleted. `app.retry` tries again. */
  v.strictObject({ phase: v.literal('failed'), code: ErrorCodeView }),
  v.strictObject({ phase: v.literal('ready'), account: AccountView }),
])
export type AppStateView = v.InferOutput<typeof AppStateView>

export const ConnectionView = v.strictObject({
  state: v.picklist(['connecting', 'online', 'offline']),
  /** When this state began. */
  sinceMs: timeMs,
  /** Why it is offline. */
  code: v.nullable(ErrorCodeView),
  /** When the next try is due, while offline. */
  retryAtMs: v.nullable(timeMs),
  /** False: plain HTTP on this computer or in a private network. */
  secure: v.boolean(),
  transport: v.nullable(v.picklist(['stream', 'poll'])),
  /** Messages that wait for the relay. */
  waitingCount: count,
})
export type ConnectionView = v.InferOutput<typeof ConnectionView>

export const LocalRelayNetwork = v.picklist(['this-computer', 'local-network'])
export type LocalRelayNetwork = v.InferOutput<typeof LocalRelayNetwork>

/** The relay that the app runs itself, for people without a server. */
export const LocalRelayView = v.strictObject({
  state: v.picklist(['off', 'starting', 'running', 'failed']),
  /** Who can reach it, now or when it runs again. */
  network: LocalRelayNetwork,
  /** While it runs: what stands after the `@` in its accounts' addresses. */
  host: v.nullable(text(300)),
})
export type LocalRelayView = v.InferOutput<typeof LocalRelayView>

// ---- Contacts and conversations -------------------------------------------------------------------------------

/** SHA-256 of an account's signing key, hexadecimal. */
export const FingerprintView = hex(32)

export const ContactView = v.strictObject({
  id: ContactIdView,
  conversationId: ConversationIdView,
  address: AddressView,
  /** What to show: our name for them, else theirs, else the address' name part. */
  title,
  displayName,
  petname: text(64),
  fingerprint: hex(32),
  relation: v.picklist(['request-out', 'request-in', 'accepted', 'blocked']),
  verifiedAtMs: v.nullable(timeMs),
  /** Their keys changed and the user has not looked at it: sending is stopped. */
  identityChanged: v.boolean(),
  createdAtMs: timeMs,
})
export type ContactView = v.InferOutput<typeof ContactView>

export const MessageStateView = v.picklist([
  'waiting',
  'sent',
  'delivered',
  'read',
  'failed',
  'received',
])

export const NoticeTypeView = v.picklist([
  'contact-added',
  'request-received',
  'request-accepted',
  'identity-changed',
  'identity-accepted',
  'verified',
  'unverified',
  'relay-key-differs',
  'session-repaired',
  'signed-messages-on',
  'signed-messages-off',
])

export const MessageView = v.strictObject({
  seq: MessageSeqView,
  conversationId: ConversationIdView,
  author: v.picklist(['me', 'them']),
  kind: v.picklist(['text', 'notice', 'unreadable']),
  text: text(64_000),
  notice: v.nullable(NoticeTypeView),
  sentAtMs: timeMs,
  storedAtMs: timeMs,
  state: MessageStateView,
  /** Why it failed, or why it cannot be read. */
  errorCode: v.nullable(ErrorCodeView),
  replyTo: v.nullable(
    v.strictObject({
      /** `null` where the original is not here (any more). */
      seq: v.nullable(MessageSeqView),
      author: v.picklist(['me', 'them']),
      excerpt: text(400),
    }),
  ),
  signature: v.picklist(['none', 'valid', 'invalid']),
})
export type MessageView = v.InferOutput<typeof MessageView>

export const ConversationView = v.strictObject({
  id: ConversationIdView,
  contact: ContactView,
  lastMessage: v.nullable(MessageView),
  unreadCount: count,
  markedUnread: v.boolean(),
  pinned: v.boolean(),
  /** 0: not muted; `Number.MAX_SAFE_INTEGER`: for good. */
  mutedUntilMs: timeMs,
  archived: v.boolean(),
  draft: text(MAX_DRAFT_CHARS),
  signedMessages: v.boolean(),
})
export type ConversationView = v.InferOutput<typeof ConversationView>

export const MessagePageView = v.strictObject({
  /** Oldest first. */
  messages: v.array(MessageView),
  hasOlder: v.boolean(),
  hasNewer: v.boolean(),
})
export type MessagePageView = v.InferOutput<typeof MessagePageView>

export const SearchHitView = v.strictObject({
  message: MessageView,
  title,
  ranges: v.array(v.tuple([count, count])),
})
export type SearchHitView = v.InferOutput<typeof SearchHitView>

export const SafetyNumberView = v.strictObject({
  /** Twelve groups of five digits; equal on both sides. */
  groups: v.pipe(v.array(v.pipe(v.string(), v.regex(/^\d{5}$/))), v.length(12)),
  /** Text for the QR code. */
  qr: text(2_000),
  /** Of the contact's keys that this number is made of: after a change, the new ones. */
  fingerprint: hex(32),
  verifiedAtMs: v.nullable(timeMs),
})
export type SafetyNumberView = v.InferOutput<typeof SafetyNumberView>

export const InviteView = v.strictObject({ link: text(2_000), expiresAtMs: timeMs })
export type InviteView = v.InferOutput<typeof InviteView>

export const LinkPreviewView = v.strictObject({
  address: AddressView,
  relay: text(300),
  fingerprint: hex(32),
})
export type LinkPreviewView = v.InferOutput<typeof LinkPreviewView>

// ---- Inspect --------------------------------------------------------------------------------------------------

export const InspectView = v.strictObject({
  direction: v.picklist(['out', 'in']),
  /** The envelope as the relay stored it, hexadecimal; `null` once pruned by age. */
  envelopeHex: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]*$/))),
  envelopeId: hex(16),
  labelHex: v.nullable(hex(16)),
  sizeBytes: count,
  relayedAtMs: v.nullable(timeMs),
  /** Parts of the envelope in order, with the bytes they take: shown as a coloured map. */
  parts: v.array(v.strictObject({ name: text(64), offset: count, length: count })),
  /** Algorithms and counters, in order of display; keys name texts of the catalogue (`inspect.fact.*`). */
  facts: v.array(v.strictObject({ key: text(64), value: text(200) })),
})
export type InspectView = v.InferOutput<typeof InspectView>

export const TamperView = v.strictObject({
  /** Whether the untouched copy opens (it must) and whether the altered one does (it must not). */
  originalOpens: v.boolean(),
  alteredOpens: v.boolean(),
  alteredBit: count,
  code: v.nullable(ErrorCodeView),
})
export type TamperView = v.InferOutput<typeof TamperView>

// ---- Relays that are not trusted ------------------------------------------------------------------------------

/** Why a relay is not trusted. */
export const DISTRUST_REASONS = [
  /** Its log is signed by another key than before. */
  'key-changed',
  /** Its log has fewer entries than it had. */
  'rolled-back',
  /** Two checkpoints of it do not belong to one log. */
  'split-view',
  /** It gave keys for a contact that its log does not have. */
  'keys-not-logged',
  /** What its log said about a contact's name is not there any more. */
  'entry-replaced',
  /** Its log has other keys under our own name. */
  'own-entry',
] as const
export type DistrustReason = (typeof DISTRUST_REASONS)[number]

export const RelayTrustView = v.strictObject({
  host: text(300),
  /** Whether it is our own relay. */
  isOwn: v.boolean(),
  reason: v.picklist(DISTRUST_REASONS),
  sinceMs: timeMs,
  /** The relay's signed statements, as text to copy. */
  evidence: text(4_000),
})
export type RelayTrustView = v.InferOutput<typeof RelayTrustView>

// ---- Settings -------------------------------------------------------------------------------------------------

export const SettingsView = v.strictObject({
  theme: v.picklist(['system', 'light', 'dark', 'high-contrast']),
  density: v.picklist(['comfortable', 'compact']),
  /** Percent. */
  fontSize: v.pipe(v.number(), v.integer(), v.minValue(80), v.maxValue(200)),
  language: v.picklist(['system', 'en', 'de', 'es', 'fr']),
  sendKey: v.picklist(['enter', 'ctrl-enter']),
  readReceipts: v.boolean(),
  whoMayWrite: v.picklist(['anyone', 'links-only']),
  screenCaptureProtection: v.boolean(),
  notifications: v.picklist(['name-and-text', 'name-only', 'hidden', 'off']),
  notificationSound: v.boolean(),
  launchAtLogin: v.boolean(),
  closeToTray: v.boolean(),
  proxy: v.variant('kind', [
    v.strictObject({ kind: v.literal('system') }),
    v.strictObject({ kind: v.literal('none') }),
    v.strictObject({
      kind: v.literal('custom'),
      url: v.pipe(v.string(), v.maxLength(500), v.regex(/^(http|https|socks5):\/\/\S+$/)),
    }),
  ]),
})
export type SettingsView = v.InferOutput<typeof SettingsView>

export const SettingsChange = v.partial(SettingsView)
export type SettingsChange = v.InferOutput<typeof SettingsChange>

export const KeyHealthView = v.strictObject({
  protection: v.picklist(['keychain', 'vault']),
  /** In the platform's words, for example `Secret Service`. */
  backend: text(64),
  selfTestPassed: v.boolean(),
  cryptoLibrary: text(64),
  nativeMlKem: v.boolean(),
  databaseCipher: text(64),
  signedPrekeyCreatedAtMs: v.nullable(timeMs),
  nextRotationAtMs: v.nullable(timeMs),
  oneTimePrekeysLeft: v.nullable(count),
  fingerprint: hex(32),
})
export type KeyHealthView = v.InferOutput<typeof KeyHealthView>

export const AboutView = v.strictObject({
  version: text(64),
  electron: text(64),
  chromium: text(64),
  node: text(64),
  platform: text(128),
  profile: text(128),
  dataFolder: text(4_096),
  /** Whether the system can start this profile at login. */
  launchesAtLogin: v.boolean(),
  licences: v.array(v.strictObject({ name: text(200), version: text(64), licence: text(200) })),
})
export type AboutView = v.InferOutput<typeof AboutView>

export const RelayCheckView = v.strictObject({
  version: text(64),
  registration: v.picklist(['open', 'work', 'invite']),
  secure: v.boolean(),
})
export type RelayCheckView = v.InferOutput<typeof RelayCheckView>
