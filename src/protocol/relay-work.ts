import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { POINT_BYTES } from './relay-limits.ts'

// Proof of work for open registration (RELAY-API §4.1): a number whose SHA-256, together with the relay's salt,
// the name and the key, starts with the wanted count of zero bits. It is good for that account alone.

const WORK_LABEL = encodeUtf8('sotto relay registration work v1\0')
const NUMBER_BYTES = 8
export const WORK_SALT_BYTES = 16
export const MAX_WORK_BITS = 32

/**
 * The bytes to hash, with room for the number in the last eight.
 * Layout: label ‖ salt(16) ‖ signingKey(65) ‖ name ‖ number(8, big-endian).
 */
export function workInput(
  salt: Uint8Array,
  signingKey: Uint8Array,
  name: string,
): Uint8Array<ArrayBuffer> {
  if (salt.length !== WORK_SALT_BYTES) throw new RangeError('salt must be 16 bytes')
  if (signingKey.length !== POINT_BYTES) throw new RangeError('signingKey must be 65 bytes')
  return concatBytes(WORK_LABEL, salt, signingKey, encodeUtf8(name), new Uint8Array(NUMBER_BYTES))
}

/** Writes the number to try into the end of a {@link workInput}. */
export function setWorkNumber(input: Uint8Array, number: number): void {
  new DataView(input.buffer, input.byteOffset, input.byteLength).setBigUint64(
    input.length - NUMBER_BYTES,
    BigInt(number),
  )
}

/** Whether a hash starts with at least `bits` (0 to 32) zero bits. */
export function hasLeadingZeroBits(hash: Uint8Array, bits: number): boolean {
  const [a = 255, b = 255, c = 255, d = 255] = hash
  const first = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0
  return Math.clz32(first) >= bits
}
