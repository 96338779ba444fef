import { BinaryWriter } from '#protocol/binary.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import type { Brand } from '#shared/brand.ts'
import { FINGERPRINT_BYTES, type Fingerprint } from './identity.ts'
import { sha256, type SigningKeyPair, type SigningPublicKey } from './primitives.ts'
import { signStatement, verifyStatement } from './signatures.ts'

/** Names a conversation for its members alone: 32 bytes. */
export type ConversationBinding = Brand<Uint8Array, 'ConversationBinding'>

/** The binding of a one-to-one conversation, the same for both (PROTOCOL §8.2). */
export function bindDirectConversation(a: Fingerprint, b: Fingerprint): ConversationBinding {
  const [first, second] = Buffer.compare(a, b) <= 0 ? [a, b] : [b, a]
  return bind('direct', concatBytes(first, second))
}

/** The binding of a group, by its opaque id. */
export function bindGroupConversation(groupId: Uint8Array): ConversationBinding {
  return bind('group', groupId)
}

function bind(kind: 'direct' | 'group', id: Uint8Array): ConversationBinding {
  const label = encodeUtf8(`Sotto v1 ${kind} conversation\0`)
  return sha256(concatBytes(label, id)) as ConversationBinding
}

/**
 * Signs a message in a conversation set to signed messages (PROTOCOL §8.2).
 * @param message - the encoded content, its id and time included, so that no signature fits a second message.
 * @returns 64 bytes.
 */
export function signMessage(
  signer: SigningKeyPair,
  conversation: ConversationBinding,
  message: Uint8Array,
): Uint8Array {
  return signStatement(signer, 'message', messageBody(conversation, message))
}

/** Verifies a signed message; one carried over from another conversation or sender is not valid. */
export function verifyMessageSignature(
  signer: SigningPublicKey,
  conversation: ConversationBinding,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifyStatement(signer, 'message', messageBody(conversation, message), signature)
}

function messageBody(conversation: ConversationBinding, message: Uint8Array): Uint8Array {
  if (conversation.length !== FINGERPRINT_BYTES) throw new RangeError('a binding has 32 bytes')
  return new BinaryWriter().bytes(conversation).bytes(message).finish()
}
