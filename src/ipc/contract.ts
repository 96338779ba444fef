import * as v from 'valibot'
import { NETWORK_ERRORS, type ErrorCode } from '#shared/errors.ts'
import { MAX_DRAFT_CHARS, MAX_LINK_CHARS } from '#shared/text-limits.ts'
import {
  AboutView,
  AccountView,
  AddressView,
  AppStateView,
  ConnectionView,
  ContactIdView,
  ContactView,
  ConversationIdView,
  ConversationView,
  FingerprintView,
  InspectView,
  InviteView,
  KeyHealthView,
  LinkPreviewView,
  LocalRelayNetwork,
  LocalRelayView,
  MessagePageView,
  MessageSeqView,
  MessageView,
  RelayCheckView,
  RelayTrustView,
  SafetyNumberView,
  SearchHitView,
  SettingsChange,
  SettingsView,
  TamperView,
} from './views.ts'

// The one contract between the main process and the page. Main loops over it (checks the sender, parses the
// input strictly, runs the handler, maps the outcome); the preload script builds its bridge from the names;
// the page calls by name. Calls are `noun.verb`, events are past tense.

const nothing = v.undefined_()
const noInput = v.undefined_()
const relay = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(300))
const passphrase = v.pipe(v.string(), v.maxLength(1_000))
const messageText = v.pipe(v.string(), v.minLength(1), v.maxLength(64_000))
const limit = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200))

interface CallDeclaration {
  readonly input: v.GenericSchema
  readonly output: v.GenericSchema
  /** The codes this call can fail with, besides `COMMON_ERRORS`. */
  readonly errors: readonly ErrorCode[]
}

const STORAGE = ['STORE_FULL', 'STORE_DAMAGED'] as const satisfies readonly ErrorCode[]

/** What every call can fail with; `PROFILE_MISSING`: it needs an open profile, and none is open (any more). */
export const COMMON_ERRORS = [
  'INTERNAL',
  'INVALID_INPUT',
  'PROFILE_MISSING',
] as const satisfies readonly ErrorCode[]

export const CALLS = {
  // Application and first run
  'app.getState': { input: noInput, output: AppStateView, errors: [] },
  /** Tries again to open the profile (keychain locked, damaged, …). */
  'app.retry': { input: noInput, output: AppStateView, errors: [] },
  'app.unlockVault': {
    input: v.strictObject({ passphrase }),
    output: nothing,
    errors: [
      'PASSPHRASE_WRONG',
      'VAULT_DAMAGED',
      'STORE_KEY_WRONG',
      'STORE_DAMAGED',
      'STORE_TOO_NEW',
    ],
  },
  'onboarding.checkRelay': {
    input: v.strictObject({ relay }),
    output: RelayCheckView,
    errors: ['ADDRESS_INVALID', ...NETWORK_ERRORS],
  },
  'onboarding.checkName': {
    input: v.strictObject({ relay, name: v.pipe(v.string(), v.maxLength(64)) }),
    output: v.strictObject({ free: v.boolean() }),
    errors: [
      'ADDRESS_INVALID',
      'NAME_INVALID',
      'NAME_LOOKS_TAKEN',
      'NAME_RESERVED',
      ...NETWORK_ERRORS,
    ],
  },
  'onboarding.createAccount': {
    input: v.strictObject({
      relay,
      name: v.pipe(v.string(), v.maxLength(64)),
      displayName: v.pipe(v.string(), v.trim(), v.maxLength(64)),
      inviteCode: v.nullable(v.pipe(v.string(), v.trim(), v.maxLength(200))),
      /** For the passphrase vault, where this computer has no keychain (or the user prefers it). */
      passphrase: v.nullable(passphrase),
    }),
    output: AccountView,
    errors: [
      'ADDRESS_INVALID',
      'NAME_INVALID',
      'NAME_TAKEN',
      'NAME_LOOKS_TAKEN',
      'NAME_RESERVED',
      'INVITE_CODE_REQUIRED',
      'INVITE_CODE_INVALID',
      'KEYCHAIN_UNAVAILABLE',
      'KEYCHAIN_LOCKED',
      'KEYCHAIN_DENIED',
      'PASSPHRASE_WEAK',
      'PROFILE_EXISTS',
      ...STORAGE,
      ...NETWORK_ERRORS,
    ],
  },

  // A relay on this computer
  'localRelay.get': { input: noInput, output: LocalRelayView, errors: [] },
  /** Starts it, or has it listen elsewhere. */
  'localRelay.start': {
    input: v.strictObject({ network: LocalRelayNetwork }),
    output: LocalRelayView,
    errors: ['RELAY_START_FAILED'],
  },
  'localRelay.stop': { input: noInput, output: LocalRelayView, errors: [] },

  // Account
  'account.get': { input: noInput, output: AccountView, errors: ['PROFILE_MISSING'] },
  'account.updateProfile': {
    input: v.strictObject({ displayName: v.pipe(v.string(), v.trim(), v.maxLength(64)) }),
    output: AccountView,
    errors: ['PROFILE_MISSING', ...STORAGE],
  },
  'account.createInvite': {
    input: noInput,
    output: InviteView,
    errors: ['PROFILE_MISSING', 'UNAUTHORIZED', ...STORAGE, ...NETWORK_ERRORS],
  },
  /** Deletes the account at the relay, the keychain entry and the profile's data; `address` must be typed. */
  'account.delete': {
    input: v.strictObject({ address: AddressView }),
    output: nothing,
    errors: [
      'PROFILE_MISSING',
      'ADDRESS_INVALID',
      'UNAUTHORIZED',
      'KEYCHAIN_NOT_RUNNING',
      'KEYCHAIN_LOCKED',
      'KEYCHAIN_DENIED',
      ...NETWORK_ERRORS,
    ],
  },

  // Links
  'links.preview': {
    input: v.strictObject({ link: v.pipe(v.string(), v.trim(), v.maxLength(2_000)) }),
    output: LinkPreviewView,
    errors: ['LINK_INVALID', 'LINK_OWN'],
  },
  /** Opens a web or mail link outside; every other scheme is refused. */
  'links.openOutside': {
    input: v.strictObject({ url: v.pipe(v.string(), v.maxLength(MAX_LINK_CHARS)) }),
    output: nothing,
    errors: ['FORBIDDEN'],
  },
  /** Has room for the longest envelope in hexadecimal. */
  'clipboard.writeText': {
    input: v.strictObject({ text: v.pipe(v.string(), v.maxLength(131_072)) }),
    output: nothing,
    errors: [],
  },

  // Contacts
  /** By invite link or address. An address is asked at once (`request-out`); offline, it is asked later. */
  'contacts.add': {
    input: v.strictObject({ linkOrAddress: v.pipe(v.string(), v.trim(), v.maxLength(2_000)) }),
    output: ContactView,
    errors: [
      'ADDRESS_INVALID',
      'LINK_INVALID',
      'LINK_OWN',
      'CONTACT_OWN_ADDRESS',
      'CONTACT_IDENTITY_CHANGED',
      'ACCOUNT_UNKNOWN',
      'KEY_INVALID',
      'SIGNATURE_INVALID',
      'KEYS_NOT_PUBLISHED',
      'RELAY_DISTRUSTED',
      ...STORAGE,
      ...NETWORK_ERRORS,
    ],
  },
  'contacts.get': {
    input: v.strictObject({ contactId: ContactIdView }),
    output: ContactView,
    errors: ['CONTACT_UNKNOWN'],
  },
  'contacts.rename': {
    input: v.strictObject({
      contactId: ContactIdView,
      petname: v.pipe(v.string(), v.trim(), v.maxLength(64)),
    }),
    output: ContactView,
    errors: ['CONTACT_UNKNOWN', ...STORAGE],
  },
  /** Accepts a request. */
  'contacts.accept': {
    input: v.strictObject({ contactId: ContactIdView }),
    output: ContactView,
    errors: ['CONTACT_UNKNOWN', ...STORAGE],
  },
  'contacts.block': {
    input: v.strictObject({ contactId: ContactIdView }),
    output: ContactView,
    errors: ['CONTACT_UNKNOWN', ...STORAGE],
  },
  'contacts.unblock': {
    input: v.strictObject({ contactId: ContactIdView }),
    output: ContactView,
    errors: ['CONTACT_UNKNOWN', ...STORAGE],
  },
  /** Declines a request or removes a contact, with the conversation and its messages on this device. */
  'contacts.remove': {
    input: v.strictObject({ contactId: ContactIdView }),
    output: nothing,
    errors: ['CONTACT_UNKNOWN', ...STORAGE],
  },
  'contacts.safetyNumber': {
    input: v.strictObject({ contactId: ContactIdView }),
    output: SafetyNumberView,
    errors: ['CONTACT_UNKNOWN'],
  },
  'contacts.setVerified': {
    input: v.strictObject({ contactId: ContactIdView, verified: v.boolean() }),
    output: ContactView,
    errors: ['CONTACT_UNKNOWN', 'CONTACT_IDENTITY_CHANGED', ...STORAGE],
  },
  /** Compares what was read from the other side's QR code (or pasted). Marks the contact verified where it fits. */
  'contacts.compareQr': {
    input: v.strictObject({ contactId: ContactIdView, qr: v.pipe(v.string(), v.maxLength(2_000)) }),
    output: v.strictObject({ match: v.boolean() }),
    errors: ['CONTACT_UNKNOWN', 'CONTACT_IDENTITY_CHANGED', ...STORAGE],
  },
  /**
   * The user has looked at the new keys, those with this fingerprint: they become the contact's, unverified, and sending
   * goes on. Where the keys have changed once more, they are to be looked at again.
   */
  'contacts.acceptIdentity': {
    input: v.strictObject({ contactId: ContactIdView, fingerprint: FingerprintView }),
    output: ContactView,
    errors: ['CONTACT_UNKNOWN', 'CONTACT_IDENTITY_CHANGED', ...STORAGE],
  },

  // Conversations
  'conversations.list': { input: noInput, output: v.array(ConversationView), errors: [] },
  'conversations.get': {
    input: v.strictObject({ conversationId: ConversationIdView }),
    output: ConversationView,
    errors: ['NOT_FOUND'],
  },
  'conversations.update': {
    input: v.strictObject({
      conversationId: ConversationIdView,
      change: v.partial(
        v.strictObject({
          pinned: v.boolean(),
          mutedUntilMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
          archived: v.boolean(),
          markedUnread: v.boolean(),
          signedMessages: v.boolean(),
          draft: v.pipe(v.string(), v.maxLength(MAX_DRAFT_CHARS)),
        }),
      ),
    }),
    output: ConversationView,
    errors: ['NOT_FOUND', ...STORAGE],
  },
  /** Everything up to `seq` has been seen; sends read receipts where the user allows them. */
  'conversations.markRead': {
    input: v.strictObject({ conversationId: ConversationIdView, seq: MessageSeqView }),
    output: nothing,
    errors: ['NOT_FOUND', ...STORAGE],
  },
  /** Deletes all messages of a conversation on this device; the contact stays. */
  'conversations.clear': {
    input: v.strictObject({ conversationId: ConversationIdView }),
    output: nothing,
    errors: ['NOT_FOUND', ...STORAGE],
  },

  // Messages
  'messages.page': {
    input: v.strictObject({
      conversationId: ConversationIdView,
      position: v.variant('kind', [
        v.strictObject({ kind: v.literal('newest') }),
        /** At the first unread message, or the newest page where all are read. */
        v.strictObject({ kind: v.literal('first-unread') }),
        v.strictObject({ kind: v.literal('before'), seq: MessageSeqView }),
        v.strictObject({ kind: v.literal('after'), seq: MessageSeqView }),
        v.strictObject({ kind: v.literal('around'), seq: MessageSeqView }),
      ]),
      limit,
    }),
    output: v.strictObject({
      ...MessagePageView.entries,
      /** Where the unread divider goes; `null` where all are read. */
      firstUnreadSeq: v.nullable(MessageSeqView),
    }),
    errors: ['NOT_FOUND'],
  },
  'messages.send': {
    input: v.strictObject({
      conversationId: ConversationIdView,
      text: messageText,
      replyToSeq: v.nullable(MessageSeqView),
    }),
    output: MessageView,
    errors: [
      'NOT_FOUND',
      'MESSAGE_TOO_LONG',
      'CONTACT_BLOCKED',
      'CONTACT_IDENTITY_CHANGED',
      ...STORAGE,
    ],
  },
  'messages.retry': {
    input: v.strictObject({ seq: MessageSeqView }),
    output: MessageView,
    errors: ['NOT_FOUND', 'CONTACT_BLOCKED', 'CONTACT_IDENTITY_CHANGED', ...STORAGE],
  },
  /** On this device only. */
  'messages.remove': {
    input: v.strictObject({ seq: MessageSeqView }),
    output: nothing,
    errors: ['NOT_FOUND', ...STORAGE],
  },
  'messages.search': {
    input: v.strictObject({
      text: v.pipe(v.string(), v.maxLength(500)),
      conversationId: v.nullable(ConversationIdView),
      beforeSeq: v.nullable(MessageSeqView),
      limit,
    }),
    output: v.array(SearchHitView),
    errors: [],
  },
  'messages.inspect': {
    input: v.strictObject({ seq: MessageSeqView }),
    output: InspectView,
    errors: ['NOT_FOUND'],
  },
  /** Flips one bit in a copy of the envelope and tries to open both. */
  'messages.tamper': {
    input: v.strictObject({
      seq: MessageSeqView,
      bit: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    }),
    output: TamperView,
    errors: ['NOT_FOUND'],
  },

  // Settings, network, keys
  'settings.get': { input: noInput, output: SettingsView, errors: [] },
  'settings.update': { input: SettingsChange, output: SettingsView, errors: [...STORAGE] },
  'network.getState': { input: noInput, output: ConnectionView, errors: [] },
  'network.reconnect': { input: noInput, output: nothing, errors: [] },
  /** Tries the relay through the given proxy without changing the settings. */
  'network.testProxy': {
    input: v.strictObject({ proxy: SettingsView.entries.proxy }),
    output: v.strictObject({ latencyMs: v.number() }),
    errors: ['PROFILE_MISSING', ...NETWORK_ERRORS],
  },
  /** Relays that have shown different things (PROTOCOL §18.9): nothing is sent to contacts there. */
  'relays.listDistrusted': { input: noInput, output: v.array(RelayTrustView), errors: [] },
  /** The user has looked at it and goes on: what the relay shows next is taken as at first contact. */
  'relays.trustAgain': {
    input: v.strictObject({ host: relay }),
    output: nothing,
    errors: ['ADDRESS_INVALID', ...STORAGE],
  },
  'keys.getHealth': { input: noInput, output: KeyHealthView, errors: ['PROFILE_MISSING'] },
  'about.get': { input: noInput, output: AboutView, errors: [] },
  /** Text to copy for a report: versions, codes and counts; no names, no content. Nothing is sent anywhere. */
  'about.getDiagnostics': { input: noInput, output: v.string(), errors: [] },

  // Window
  /** What the window should come back to after a restart. */
  'window.setOpenConversation': {
    input: v.strictObject({ conversationId: v.nullable(ConversationIdView) }),
    output: nothing,
    errors: [],
  },
  'window.getOpenConversation': {
    input: noInput,
    output: v.strictObject({ conversationId: v.nullable(ConversationIdView) }),
    errors: [],
  },
  /** The conversations are shown: links, requests and commands that waited for the page can come. */
  'window.reportReady': { input: noInput, output: nothing, errors: [] },
} as const satisfies Record<string, CallDeclaration>

/** What the menu, the tray and accelerators ask the page to do. */
export const MENU_COMMANDS = [
  'new-conversation',
  'search',
  'search-in-conversation',
  'palette',
  'settings',
  'shortcuts',
  'about',
  'toggle-details',
  'archive',
  'next-conversation',
  'previous-conversation',
] as const

export const EVENTS = {
  'app.stateChanged': AppStateView,
  'connection.changed': ConnectionView,
  'account.changed': AccountView,
  'localRelay.changed': LocalRelayView,
  'settings.changed': SettingsView,
  /** All relays that are not trusted now. */
  'relays.changed': v.array(RelayTrustView),
  /** Rows that are new or differ; the page merges them by id. */
  'conversations.changed': v.array(ConversationView),
  'conversations.removed': v.array(ConversationIdView),
  /** New messages, in order, of both authors. */
  'messages.added': v.array(MessageView),
  /** State, text (an unreadable one that came again) or signature changed. */
  'messages.changed': v.array(MessageView),
  'messages.removed': v.array(
    v.strictObject({ conversationId: ConversationIdView, seq: v.nullable(MessageSeqView) }),
  ),
  /** A notification was clicked or another start of the app asks for it. */
  'conversation.requested': v.strictObject({ conversationId: ConversationIdView }),
  /** A `sotto://` link was opened. */
  'link.opened': v.strictObject({ link: v.pipe(v.string(), v.maxLength(2_000)) }),
  'menu.chosen': v.strictObject({ command: v.picklist(MENU_COMMANDS) }),
  /** Behind a locked screen nobody reads, even where the window has the focus. */
  'screen.lockChanged': v.strictObject({ locked: v.boolean() }),
} as const satisfies Record<string, v.GenericSchema>

export type CallName = keyof typeof CALLS
export type EventName = keyof typeof EVENTS
export type CallInput<Name extends CallName> = v.InferOutput<(typeof CALLS)[Name]['input']>
export type CallOutput<Name extends CallName> = v.InferOutput<(typeof CALLS)[Name]['output']>
/** The codes a call can fail with. */
export type CallError<Name extends CallName> =
  (typeof CALLS)[Name]['errors'][number] | (typeof COMMON_ERRORS)[number]
export type EventPayload<Name extends EventName> = v.InferOutput<(typeof EVENTS)[Name]>
export type MenuCommand = (typeof MENU_COMMANDS)[number]

/** What crosses back: a value, or a code with the wait the other side named. Never a message or a stack. */
export type CallOutcome<Name extends CallName> =
  | { readonly ok: true; readonly value: CallOutput<Name> }
  | {
      readonly ok: false
      readonly error: { readonly code: CallError<Name>; readonly retryAfterMs?: number }
    }

/** The one object that the preload script exposes to the page, as `window.sotto`. */
export interface Bridge {
  call<Name extends CallName>(name: Name, input: CallInput<Name>): Promise<CallOutcome<Name>>
  /** Returns the function that stops listening. */
  on<Name extends EventName>(
    name: Name,
    listener: (payload: EventPayload<Name>) => void,
  ): () => void
}
