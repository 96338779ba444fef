import type { ErrorCode } from '#shared/errors.ts'

/** How the command ends, for scripts; described in docs/CLI.md. */
export const EXIT = {
  done: 0,
  /** Refused or failed for a reason of its own; the code on standard error tells which. */
  failed: 1,
  /** The command line or one of its values is not of the expected form. */
  usage: 2,
  /** The relay or the way to it; trying later can help. */
  network: 3,
  /** The keychain, the passphrase or the vault. */
  keys: 4,
  /** The profile: missing, there already, in use, damaged or without space. */
  profile: 5,
  /** Done here; what is left goes to the relay the next time Sotto is connected. */
  waiting: 6,
  /** The keys of a contact or of a relay are not the expected ones: look before you write. */
  identity: 7,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

const GROUPS: readonly (readonly [ExitCode, readonly ErrorCode[]])[] = [
  [
    EXIT.usage,
    ['INVALID_INPUT', 'ADDRESS_INVALID', 'LINK_INVALID', 'NAME_INVALID', 'MESSAGE_TOO_LONG'],
  ],
  [
    EXIT.network,
    [
      'RELAY_UNREACHABLE',
      'RELAY_INSECURE',
      'RELAY_NOT_SOTTO',
      'RELAY_BAD_ANSWER',
      'PROXY_UNREACHABLE',
      'RATE_LIMITED',
      'OVERLOADED',
      'CLOCK_SKEW',
      'CLIENT_TOO_OLD',
      'MAILBOX_FULL',
      'RELAY_FULL',
      'UPLOAD_QUOTA_REACHED',
    ],
  ],
  [
    EXIT.keys,
    [
      'KEYCHAIN_UNAVAILABLE',
      'KEYCHAIN_NOT_RUNNING',
      'KEYCHAIN_LOCKED',
      'KEYCHAIN_DENIED',
      'KEYCHAIN_ENTRY_MISSING',
      'KEYCHAIN_ENTRY_DAMAGED',
      'PASSPHRASE_WRONG',
      'PASSPHRASE_WEAK',
      'VAULT_DAMAGED',
    ],
  ],
  [
    EXIT.profile,
    [
      'STORE_KEY_WRONG',
      'STORE_DAMAGED',
      'STORE_TOO_NEW',
      'STORE_FULL',
      'PROFILE_IN_USE',
      'PROFILE_UNUSABLE',
      'PROFILE_EXISTS',
      'PROFILE_MISSING',
    ],
  ],
  [EXIT.identity, ['CONTACT_IDENTITY_CHANGED', 'RELAY_DISTRUSTED']],
]

const EXIT_OF = new Map(GROUPS.flatMap(([exit, codes]) => codes.map((code) => [code, exit])))

/** How the command ends where this failure is the reason. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_OF.get(code) ?? EXIT.failed
}
