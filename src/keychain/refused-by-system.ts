const SYSTEM_CODES =
  /^(?:EACCES|EPERM|EROFS|ENOENT|ENOTDIR|EISDIR|EEXIST|ELOOP|ENAMETOOLONG|SQLITE_(?:CANTOPEN|READONLY|PERM).*)$/

/**
 * Whether the system refused to read or write a file of the profile: no permission, a disk that is read-only, a file where
 * a folder should be. Looks at the cause as well, where the store keeps what it met.
 */
export function isRefusedBySystem(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && typeof error.code === 'string' && SYSTEM_CODES.test(error.code))
    return true
  return error.cause !== undefined && isRefusedBySystem(error.cause)
}
