import type { MessageView } from '#ipc/views.ts'

/** Which words fit the code a message could not be opened with. */
export function unreadableCause(
  code: MessageView['errorCode'],
): 'damaged' | 'newer' | 'session' | 'refused' {
  switch (code) {
    case 'UNKNOWN_VERSION':
    case 'CLIENT_TOO_OLD':
      return 'newer'
    case 'PREKEY_UNKNOWN':
      return 'session'
    case 'SIGNATURE_INVALID':
    case 'KEY_INVALID':
      return 'refused'
    default:
      return 'damaged'
  }
}
