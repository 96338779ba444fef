import {
  AEAD_NONCE_BYTES,
  COMMITMENT_BYTES,
  parseEnvelope,
  type EnvelopeParts,
} from '#protocol/envelope.ts'
import { padInto, unpad } from '#protocol/padding.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { hmacSha512 } from './hkdf.ts'
import {
  AEAD_KEY_BYTES,
  AeadKey,
  timingSafeEqual,
  wipe,
  writeSha512,
  type RandomSource,
} from './primitives.ts'
import { RATCHET_KEY_BYTES, type ChainKey, type MessageKey } from './session-state.ts'

const CHAIN_STEP = Uint8Array.of(1)
const MESSAGE_INFO = encodeUtf8('Sotto v1 message')

/** One step of a chain (PROTOCOL §6.2): HMAC-SHA-512(chain key, 01) = next chain key(32) ‖ message key(32). */
export function advanceChainKey(chainKey: ChainKey): {
  readonly chainKey: ChainKey
  readonly messageKey: MessageKey
} {
  const output = hmacSha512(chainKey, CHAIN_STEP)
  // Each in memory of its own: the message key is handed out.
  const next = output.slice(0, RATCHET_KEY_BYTES) as Uint8Array as ChainKey
  const messageKey = output.slice(RATCHET_KEY_BYTES) as Uint8Array as MessageKey
  wipe(output)
  return { chainKey: next, messageKey }
}

/**
 * SHA-512(label ‖ message key) = AES-256-GCM key(32) ‖ key commitment(32) (PROTOCOL §6.3): the one-step derivation of
 * NIST SP 800-56C §4, whose input has a fixed length. That a copy of them may stay in memory tells no more than the
 * message key, which is kept beside the message.
 */
function deriveMessageSecrets(messageKey: MessageKey): { key: AeadKey; commitment: Uint8Array } {
  const input = new Uint8Array(MESSAGE_INFO.length + RATCHET_KEY_BYTES)
  input.set(MESSAGE_INFO)
  input.set(messageKey, MESSAGE_INFO.length)
  const output = new Uint8Array(AEAD_KEY_BYTES + COMMITMENT_BYTES)
  writeSha512(input, output, 0)
  const key = new AeadKey(output.subarray(0, AEAD_KEY_BYTES))
  wipe(input)
  return { key, commitment: output.subarray(AEAD_KEY_BYTES) }
}

/**
 * Pads and seals the text into a laid-out envelope whose header is already sealed (PROTOCOL §6.4).
 * @param messageKey - used for this one message.
 */
export function sealText(
  messageKey: MessageKey,
  draft: EnvelopeParts,
  plaintext: Uint8Array,
  random: RandomSource,
): void {
  const { key, commitment } = deriveMessageSecrets(messageKey)
  draft.commitment.set(commitment)
  draft.nonce.set(random(AEAD_NONCE_BYTES))
  padInto(draft.sealedText, plaintext)
  key.sealInPlace(draft.sealedText, draft.nonce, draft.associatedData)
}

/** Opens the text of an envelope. @returns `null` where anything does not fit. */
export function openText(messageKey: MessageKey, parts: EnvelopeParts): Uint8Array | null {
  const { key, commitment } = deriveMessageSecrets(messageKey)
  if (!timingSafeEqual(commitment, parts.commitment)) return null
  const padded = key.open(parts.nonce, parts.sealedText, parts.associatedData)
  return padded && unpad(padded)
}

/**
 * Opens an envelope once more with the key that was kept beside it, as the "Inspect message" view does to show that a
 * changed bit is noticed. No session state is read or changed.
 */
export function reopenEnvelope(
  envelope: Uint8Array,
  messageKey: MessageKey,
): Result<Uint8Array, Failure<'MESSAGE_UNREADABLE' | 'UNKNOWN_VERSION'>> {
  const parts = parseEnvelope(envelope)
  if (!parts.ok) return parts
  const plaintext = openText(messageKey, parts.value)
  return plaintext === null ? err(failure('MESSAGE_UNREADABLE')) : ok(plaintext)
}

/** Takes a stored message key; `null` for any other length than 32 bytes. */
export function importMessageKey(bytes: Uint8Array): MessageKey | null {
  return bytes.length === RATCHET_KEY_BYTES
    ? (new Uint8Array(bytes) as Uint8Array as MessageKey)
    : null
}
