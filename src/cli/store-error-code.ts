/** A full disk or a damaged page is thrown by the store, wherever it shows; `null` for everything else. */
export function storeErrorCode(cause: unknown): 'STORE_FULL' | 'STORE_DAMAGED' | null {
  if (!(cause instanceof Error) || !('code' in cause)) return null
  return cause.code === 'STORE_FULL' || cause.code === 'STORE_DAMAGED' ? cause.code : null
}
