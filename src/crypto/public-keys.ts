import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { decodePoint } from './points.ts'
import type { AgreementPublicKey, SigningPublicKey } from './primitives.ts'

/**
 * Takes a public key from outside for ECDH (PROTOCOL §2.2).
 * @param bytes - `04 ‖ X ‖ Y`, 65 bytes, copied.
 */
export function decodeAgreementPublicKey(
  bytes: Uint8Array,
): Result<AgreementPublicKey, Failure<'KEY_INVALID'>> {
  const point = decodePoint(bytes)
  return point === null ? err(failure('KEY_INVALID')) : ok(point as AgreementPublicKey)
}

/**
 * Takes a public key from outside for ECDSA (PROTOCOL §2.2).
 * @param bytes - `04 ‖ X ‖ Y`, 65 bytes, copied.
 */
export function decodeSigningPublicKey(
  bytes: Uint8Array,
): Result<SigningPublicKey, Failure<'KEY_INVALID'>> {
  const point = decodePoint(bytes)
  return point === null ? err(failure('KEY_INVALID')) : ok(point as SigningPublicKey)
}
