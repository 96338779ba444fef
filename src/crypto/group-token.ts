import { GROUP_TOKEN_BYTES } from '#protocol/relay-limits.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { sha256 } from './primitives.ts'

const HASH_LABEL = encodeUtf8('Sotto v1 group token\0')

/**
 * What a relay stores of the token by which the members of one epoch of a group commit (RELAY-API §12): SHA-256 over a label and the token, 32 bytes.
 * @throws RangeError for any other length than 32 bytes.
 */
export function groupTokenHash(token: Uint8Array): Uint8Array {
  if (token.length !== GROUP_TOKEN_BYTES) throw new RangeError('a group token has 32 bytes')
  return sha256(concatBytes(HASH_LABEL, token))
}
