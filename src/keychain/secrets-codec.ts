import type { ProfileSecrets } from '#core/ports.ts'
import { sha256 } from '#crypto/primitives.ts'
import { concatBytes, equalPublicBytes } from '#shared/bytes.ts'

const VERSION = 1
const SECRET_BYTES = 32
const CHECKSUM_BYTES = 4
/** version(1) ‖ signing key(32) ‖ agreement key(32) ‖ database key(32) ‖ checksum(4). */
export const ENCODED_SECRETS_BYTES = 1 + 3 * SECRET_BYTES + CHECKSUM_BYTES

function checksum(content: Uint8Array): Uint8Array {
  return sha256(content).subarray(0, CHECKSUM_BYTES)
}

/** A profile's secrets as 101 bytes; the caller wipes them. The checksum tells damage, it protects nothing. */
export function encodeSecrets(secrets: ProfileSecrets): Uint8Array {
  const parts = [secrets.signingKey, secrets.agreementKey, secrets.databaseKey]
  if (parts.some(({ length }) => length !== SECRET_BYTES)) {
    throw new RangeError('each secret has 32 bytes')
  }
  const content = concatBytes(Uint8Array.of(VERSION), ...parts)
  return concatBytes(content, checksum(content))
}

/** @returns `null` where the bytes are of another length or version, or were changed. */
export function decodeSecrets(encoded: Uint8Array): ProfileSecrets | null {
  if (encoded.length !== ENCODED_SECRETS_BYTES || encoded[0] !== VERSION) return null
  const content = encoded.subarray(0, -CHECKSUM_BYTES)
  if (!equalPublicBytes(checksum(content), encoded.subarray(-CHECKSUM_BYTES))) return null
  // A copy, since callers wipe what they pass; a Buffer's own `slice` would share its memory.
  const secret = (index: number): Uint8Array =>
    Uint8Array.from(content.subarray(1 + index * SECRET_BYTES, 1 + (index + 1) * SECRET_BYTES))
  return { signingKey: secret(0), agreementKey: secret(1), databaseKey: secret(2) }
}
