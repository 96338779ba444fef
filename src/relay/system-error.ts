/** The code of an error of the system (`ENOENT`); empty where it has none. */
export function systemCode(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : ''
  return typeof code === 'string' ? code : ''
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
