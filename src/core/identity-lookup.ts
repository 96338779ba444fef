import type { SigningPublicKey } from '#crypto/primitives.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type { Address } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { fetchProvenKey } from './proven-keys.ts'

/** Asks the directory of an address' own relay which signing key the account has; its log must have it. */
export function lookUpSigningKey(
  context: Context,
  address: Address,
): Promise<Result<SigningPublicKey, Failure<ErrorCode>>> {
  return fetchProvenKey(context, address)
}
