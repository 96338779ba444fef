import type { StoreErrorShape } from './ports.ts'

/** The code of a full disk or a damaged page, which the store throws wherever it shows; `null` for everything else. */
export function storeErrorCode(
  cause: unknown,
): Exclude<StoreErrorShape['code'], 'INTERNAL'> | null {
  if (!(cause instanceof Error) || !('code' in cause)) return null
  return cause.code === 'STORE_FULL' || cause.code === 'STORE_DAMAGED' ? cause.code : null
}
