/** The code of an error of the system (`ENOENT`); empty where it has none. */
export function systemCode(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  return typeof code === 'string' ? code : ''
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a file is where a folder should be',
  EEXIST: 'it is not a folder',
}

/** Why the system refused something, in words that fit behind a colon. */
export function systemReason(cause: unknown): string {
  const code = systemCode(cause)
  return REASONS[code] ?? (code === '' ? String(cause) : code)
}

/** What the system refused, in words for the operator; `null` where it is something else. */
export function systemSentence(cause: unknown): string | null {
  const path = cause instanceof Error && 'path' in cause ? String(cause.path) : 'it'
  switch (systemCode(cause)) {
    case 'EACCES':
    case 'EPERM':
      return `The system does not let this user have ${path}: run this command as the relay's user.`
    case 'ENOENT':
    case 'ENOTDIR':
      return `There is no ${path}.`
    case 'EROFS':
      return `${path} lies where nothing can be written.`
    case 'ENOSPC':
    case 'EDQUOT':
      return 'There is no space left on the disk.'
    default:
      return null
  }
}
