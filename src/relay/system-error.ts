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
