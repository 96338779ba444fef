import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES } from '#protocol/envelope.ts'
import { concatBytes } from '#shared/bytes.ts'
import type { AeadKey, RandomSource } from './primitives.ts'

/** What {@link sealBox} adds. */
export const BOX_OVERHEAD_BYTES = AEAD_NONCE_BYTES + AEAD_TAG_BYTES

/**
 * Seals data at rest (vault, exports, files) under a long-lived key.
 * Layout: nonce(12) ‖ ciphertext(n) ‖ tag(16). The nonce is drawn from `random`: below 2^32 seals a key, a repetition
 * is out of reach (NIST SP 800-38D §8.3).
 */
export function sealBox(
  key: AeadKey,
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  random: RandomSource,
): Uint8Array<ArrayBuffer> {
  const nonce = random(AEAD_NONCE_BYTES)
  return concatBytes(nonce, key.seal(nonce, plaintext, associatedData))
}

/** Opens what {@link sealBox} made; `null` where key, data or associated data do not fit. */
export function openBox(
  key: AeadKey,
  box: Uint8Array,
  associatedData: Uint8Array,
): Uint8Array | null {
  if (box.length < BOX_OVERHEAD_BYTES) return null
  const nonce = box.subarray(0, AEAD_NONCE_BYTES)
  return key.open(nonce, box.subarray(AEAD_NONCE_BYTES), associatedData)
}
