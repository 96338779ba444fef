/** When trying the same thing again can help. */
export type Retry =
  /** Never: the input itself must change. */
  | 'never'
  /** By itself, later: the network or the other side must come back. */
  | 'later'
  /** After the user has done something the message names. */
  | 'after-action'

interface ErrorEntry {
  readonly retry: Retry
  /** HTTP status where the relay answers with this code; absent for codes of the client alone. */
  readonly http?: number
  /** One English sentence that says what happened and what to do. Never holds data of the failing case. */
  readonly message: string
}

/**
 * Every expected failure of Sotto, once. The relay's answers, the IPC contract, the command line and the
 * interface's texts (`errors.<CODE>` in the message catalogues) all go by these codes; `docs/ERRORS.md` is
 * made from this table and kept equal by a test.
 */
export const ERRORS = {
  // General
  INTERNAL: {
    retry: 'later',
    http: 500,
    message: 'Something went wrong inside Sotto. The details are in the local log.',
  },
  INVALID_INPUT: { retry: 'never', http: 400, message: 'The input is not of the expected form.' },
  NOT_FOUND: { retry: 'never', http: 404, message: 'There is nothing under that name.' },
  CANCELLED: { retry: 'never', message: 'The operation was cancelled.' },
  CLIENT_TOO_OLD: {
    retry: 'after-action',
    http: 426,
    message: 'The other side speaks a newer version. Update Sotto.',
  },

  // Addresses and links
  ADDRESS_INVALID: { retry: 'never', message: 'An address looks like name@relay.example.org.' },
  LINK_INVALID: {
    retry: 'never',
    message: 'This is not a Sotto invite link, or a part of it is missing.',
  },
  LINK_OWN: {
    retry: 'never',
    message: 'This is your own invite link. Send it to the person you want to talk to.',
  },

  // Keys and the keychain
  KEYCHAIN_UNAVAILABLE: {
    retry: 'after-action',
    message: 'This computer offers no keychain. Choose a passphrase to protect your keys instead.',
  },
  KEYCHAIN_NOT_RUNNING: {
    retry: 'after-action',
    message:
      'The keychain that holds the keys of this profile is not running. Start it, for example GNOME Keyring; nothing was deleted.',
  },
  KEYCHAIN_LOCKED: {
    retry: 'after-action',
    message: 'The keychain of this computer is locked. Unlock it, then try again.',
  },
  KEYCHAIN_DENIED: {
    retry: 'after-action',
    message: 'The keychain refused access. Allow Sotto to use it, then try again.',
  },
  KEYCHAIN_ENTRY_MISSING: {
    retry: 'after-action',
    message:
      'The keychain has no entry for this profile. Nothing was deleted: unlock or restore the keychain that was used before.',
  },
  KEYCHAIN_ENTRY_DAMAGED: {
    retry: 'after-action',
    message:
      "The keychain's entry for this profile is damaged. Nothing was deleted: restore the keychain from a backup.",
  },
  PASSPHRASE_WRONG: { retry: 'after-action', message: 'The passphrase is not right.' },
  PASSPHRASE_WEAK: {
    retry: 'after-action',
    message: 'The passphrase is too short. Take at least 8 characters, better several words.',
  },
  VAULT_DAMAGED: {
    retry: 'after-action',
    message: 'The vault file is damaged. Nothing was deleted: restore it from a backup.',
  },

  // The store
  STORE_KEY_WRONG: {
    retry: 'after-action',
    message: 'The database cannot be opened with the key in the keychain. Nothing was deleted.',
  },
  STORE_DAMAGED: {
    retry: 'after-action',
    message: 'The database is damaged. Nothing was deleted: restore it from a backup.',
  },
  STORE_TOO_NEW: {
    retry: 'after-action',
    message: 'The database was written by a newer Sotto. Update Sotto.',
  },
  STORE_FULL: {
    retry: 'after-action',
    message: 'The disk is full. Free some space, then try again.',
  },
  PROFILE_IN_USE: {
    retry: 'after-action',
    message: 'This profile is already open in another Sotto.',
  },
  PROFILE_UNUSABLE: {
    retry: 'after-action',
    message:
      'The files of this profile cannot be read or written. Check that its folder is one, and is yours to read and write.',
  },
  PROFILE_EXISTS: { retry: 'never', message: 'This profile already has an account.' },
  PROFILE_MISSING: {
    retry: 'after-action',
    message: 'This profile has no account yet. Create one first.',
  },

  // Opening messages: one outward code, whatever the reason (PROTOCOL §11)
  MESSAGE_UNREADABLE: {
    retry: 'later',
    message: 'This message could not be opened. Sotto has asked for it again.',
  },
  UNKNOWN_VERSION: {
    retry: 'after-action',
    message: 'This message was written by a newer Sotto. Update Sotto to read it.',
  },
  MESSAGE_TOO_LONG: {
    retry: 'never',
    message: 'The message is too long. Split it into shorter ones.',
  },
  SIGNATURE_INVALID: { retry: 'never', message: 'A signature does not fit. It was not used.' },
  KEY_INVALID: {
    retry: 'never',
    http: 400,
    message: 'A public key is not valid. It was not used.',
  },
  PREKEY_UNKNOWN: {
    retry: 'later',
    message: 'The other side used a key that is no longer here. Sotto starts a new session.',
  },

  KEYS_NOT_PUBLISHED: {
    retry: 'later',
    message: "This contact's device has not published its keys yet. Sotto tries again.",
  },

  // Contacts and conversations
  CONTACT_UNKNOWN: { retry: 'never', message: 'There is no such contact.' },
  CONTACT_BLOCKED: {
    retry: 'after-action',
    message: 'You have blocked this contact. Unblock it to write.',
  },
  CONTACT_OWN_ADDRESS: { retry: 'never', message: 'This is your own address.' },
  CONTACT_IDENTITY_CHANGED: {
    retry: 'after-action',
    message: "This contact's keys have changed. Look at the change before you write.",
  },
  CONTACT_NOT_ACCEPTED: {
    retry: 'later',
    message: 'This contact has not accepted your request yet.',
  },

  // Talking to a relay (client side)
  RELAY_UNREACHABLE: {
    retry: 'later',
    message: 'The relay cannot be reached. Sotto keeps trying.',
  },
  RELAY_INSECURE: {
    retry: 'never',
    message:
      'This relay offers no TLS. Sotto uses plain HTTP only on this computer and in private networks.',
  },
  RELAY_NOT_SOTTO: { retry: 'never', message: 'There is no Sotto relay at this address.' },
  RELAY_BAD_ANSWER: {
    retry: 'later',
    message: 'The relay gave an answer Sotto does not understand.',
  },
  RELAY_DISTRUSTED: {
    retry: 'after-action',
    message:
      'This relay has shown different keys to different people or at different times. Nothing is sent to contacts there until you have looked at it.',
  },
  RELAY_START_FAILED: {
    retry: 'after-action',
    message:
      'The relay on this computer did not start. End what else uses its port or its folder, then try again.',
  },
  PROXY_UNREACHABLE: {
    retry: 'later',
    message: 'The proxy cannot be reached. Check it in the network settings.',
  },

  // The relay's answers
  UNAUTHORIZED: {
    retry: 'never',
    http: 401,
    message: 'The signature or token of the request is not accepted.',
  },
  FORBIDDEN: { retry: 'never', http: 403, message: 'This is not allowed.' },
  CLOCK_SKEW: {
    retry: 'after-action',
    http: 401,
    message: 'The clock of this computer is off. Set it right, then try again.',
  },
  REPLAYED: { retry: 'never', http: 401, message: 'This request was already used.' },
  ACCOUNT_UNKNOWN: {
    retry: 'never',
    http: 404,
    message: 'There is no such account at this relay.',
  },
  ACCOUNT_BLOCKED: {
    retry: 'after-action',
    http: 403,
    message: 'This account is blocked at its relay. Ask the person who runs it.',
  },
  NAME_TAKEN: { retry: 'never', http: 409, message: 'This name is taken. Choose another one.' },
  NAME_INVALID: {
    retry: 'never',
    http: 400,
    message:
      'A name has 2 to 32 characters: a–z, 0–9, dot, dash and underscore, and starts with a letter or digit.',
  },
  NAME_LOOKS_TAKEN: {
    retry: 'never',
    http: 409,
    message: 'This name looks too much like one that is taken. Choose another one.',
  },
  NAME_RESERVED: {
    retry: 'never',
    http: 409,
    message: 'This name is kept for the people who run the relay. Choose another one.',
  },
  INVITE_CODE_REQUIRED: {
    retry: 'after-action',
    http: 403,
    message: 'This relay wants an invite code. Ask the person who runs it.',
  },
  INVITE_CODE_INVALID: {
    retry: 'after-action',
    http: 403,
    message: 'The invite code is not valid or has been used.',
  },
  DELIVERY_REFUSED: {
    retry: 'never',
    http: 403,
    message: 'The receiver does not take messages with this token.',
  },
  MAILBOX_FULL: {
    retry: 'later',
    http: 507,
    message: "The receiver's mailbox is full. Sotto tries again later.",
  },
  RELAY_FULL: {
    retry: 'later',
    http: 507,
    message: 'The relay has no space left. Sotto tries again later.',
  },
  UPLOAD_QUOTA_REACHED: {
    retry: 'later',
    http: 507,
    message:
      'Your attachments take all the room that the relay gives an account. The oldest make room by themselves.',
  },
  UPLOAD_VERSION: {
    retry: 'never',
    http: 412,
    message: 'The relay takes uploads by tus 1.0.0 alone.',
  },
  RANGE_INVALID: {
    retry: 'never',
    http: 416,
    message: 'The attachment is shorter than that.',
  },
  RATE_LIMITED: {
    retry: 'later',
    http: 429,
    message: 'Too many requests. Sotto waits and tries again.',
  },
  TOO_LARGE: { retry: 'never', http: 413, message: 'The request is too large.' },
  METHOD_NOT_ALLOWED: { retry: 'never', http: 405, message: 'This method is not offered here.' },
  UNSUPPORTED_MEDIA_TYPE: {
    retry: 'never',
    http: 415,
    message: 'The content type is not supported here.',
  },
  CONFLICT: {
    retry: 'never',
    http: 409,
    message: 'The state has changed meanwhile. Read it again.',
  },
  OVERLOADED: { retry: 'later', http: 503, message: 'The relay is busy. Sotto tries again.' },
} as const satisfies Record<string, ErrorEntry>

/** The code of an expected failure. */
export type ErrorCode = keyof typeof ERRORS

/**
 * An expected failure as a value. `cause` is for the local log only: it never crosses a process boundary,
 * and never holds keys, plaintext or contact names.
 */
export interface Failure<Code extends ErrorCode = ErrorCode> {
  readonly code: Code
  /** Milliseconds to wait before the next try, where the other side named them. */
  readonly retryAfterMs?: number
  /** The time of the other side, in milliseconds since 1970, where it says that clocks differ. */
  readonly serverTimeMs?: number
  readonly cause?: unknown
}

/** What any call to a relay can fail with, beside codes of its own. */
export const NETWORK_ERRORS = [
  'RELAY_UNREACHABLE',
  'RELAY_INSECURE',
  'RELAY_NOT_SOTTO',
  'RELAY_BAD_ANSWER',
  'PROXY_UNREACHABLE',
  'RATE_LIMITED',
  'OVERLOADED',
  'CLOCK_SKEW',
  'CLIENT_TOO_OLD',
  /** The own account, by the operator of its relay. */
  'ACCOUNT_BLOCKED',
  'CANCELLED',
] as const satisfies readonly ErrorCode[]

/** Makes a failure of one code. */
export function failure<Code extends ErrorCode>(
  code: Code,
  detail: Omit<Failure, 'code'> = {},
): Failure<Code> {
  return { code, ...detail }
}
