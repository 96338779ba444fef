import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { hmacSha256 } from './hkdf.ts'
import { sha256, timingSafeEqual } from './primitives.ts'
import type { SessionId } from './session-state.ts'

// What is made of the token in an invite link (PROTOCOL §17). The relay gets a delivery token derived from it, and so
// cannot make the proof: a label that it puts on an envelope does not pass a stranger off as someone who was invited.

const DELIVERY_LABEL = encodeUtf8('Sotto v1 invite delivery token\0')
const PROOF_LABEL = encodeUtf8('Sotto v1 invite proof\0')

export const INVITE_TOKEN_BYTES = 32

/** The delivery token (32 bytes) that an invite's envelopes are deposited with. */
export function inviteDeliveryToken(token: Uint8Array): Uint8Array {
  requireLength(token)
  return sha256(concatBytes(DELIVERY_LABEL, token))
}

/** Shows inside a session that its initiator has the link: HMAC-SHA-256, 32 bytes, good in that session alone. */
export function inviteProof(token: Uint8Array, sessionId: SessionId): Uint8Array {
  requireLength(token)
  return hmacSha256(token, concatBytes(PROOF_LABEL, sessionId))
}

/** Checks a proof in constant time. */
export function verifyInviteProof(
  token: Uint8Array,
  sessionId: SessionId,
  proof: Uint8Array,
): boolean {
  return timingSafeEqual(inviteProof(token, sessionId), proof)
}

function requireLength(token: Uint8Array): void {
  if (token.length !== INVITE_TOKEN_BYTES) throw new RangeError('an invite token has 32 bytes')
}
