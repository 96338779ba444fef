import { decodeSigningPublicKey } from '#crypto/public-keys.ts'
import type { SigningPublicKey } from '#crypto/primitives.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import { ok, type Result } from '#shared/result.ts'
import { hostOf, nameOf, type Address } from '#protocol/address.ts'
import type { Context } from './context.ts'

/** Asks the directory of an address' own relay which signing key the account has. */
export async function lookUpSigningKey(
  context: Context,
  address: Address,
): Promise<Result<SigningPublicKey, Failure<ErrorCode>>> {
  const fetched = await context.relay.fetchIdentity(hostOf(address), nameOf(address))
  if (!fetched.ok) return fetched
  const signingKey = decodeSigningPublicKey(fetched.value.signingKey)
  return signingKey.ok ? ok(signingKey.value) : signingKey
}
