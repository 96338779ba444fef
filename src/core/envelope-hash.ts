import { sha256 } from '#crypto/primitives.ts'

const HASH_BYTES = 16

/** How an envelope that was taken in is remembered, and how receipts name it (PROTOCOL §14.5). */
export function envelopeHash(envelope: Uint8Array): Uint8Array {
  return sha256(envelope).subarray(0, HASH_BYTES)
}
