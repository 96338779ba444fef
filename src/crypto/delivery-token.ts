import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { publicSha256, wipe, type RandomSource } from './primitives.ts'

/** A delivery token lets its holder deposit at one mailbox; it is given inside the encrypted conversation. */
export const DELIVERY_TOKEN_BYTES = 32
const HASH_LABEL = encodeUtf8('Sotto v1 delivery token\0')
/** Label and token to hash: kept, since a relay does this for every deposit. */
const hashInput = concatBytes(HASH_LABEL, new Uint8Array(DELIVERY_TOKEN_BYTES))

/** Generates a token: 32 random bytes. */
export function generateDeliveryToken(random: RandomSource): Uint8Array<ArrayBuffer> {
  return random(DELIVERY_TOKEN_BYTES)
}

/**
 * What a relay stores of a token: SHA-256 over a label and the token, 32 bytes. With that alone nobody can deposit.
 * @throws RangeError for any other length than 32 bytes.
 */
export function tokenHash(token: Uint8Array): Uint8Array {
  if (token.length !== DELIVERY_TOKEN_BYTES) throw new RangeError('a delivery token has 32 bytes')
  hashInput.set(token, HASH_LABEL.length)
  const hash = publicSha256(hashInput)
  wipe(hashInput.subarray(HASH_LABEL.length))
  return hash
}
