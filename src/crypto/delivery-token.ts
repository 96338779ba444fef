import type { Brand } from '#shared/brand.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { sha256, type RandomSource } from './primitives.ts'

/** Lets its holder deposit at one mailbox: 32 random bytes, given inside the encrypted conversation. */
export type DeliveryToken = Brand<Uint8Array, 'DeliveryToken'>
/** What the relay keeps of a token: 32 bytes. */
export type DeliveryTokenHash = Brand<Uint8Array, 'DeliveryTokenHash'>

export const DELIVERY_TOKEN_BYTES = 32

/** Generates a token. */
export function generateDeliveryToken(random: RandomSource): DeliveryToken {
  return random(DELIVERY_TOKEN_BYTES) as Uint8Array as DeliveryToken
}

/** Takes a token from outside; `null` for any other length than 32 bytes. */
export function importDeliveryToken(bytes: Uint8Array): DeliveryToken | null {
  return bytes.length === DELIVERY_TOKEN_BYTES ? (bytes.slice() as DeliveryToken) : null
}

/** SHA-256 over a label and the token: from what it stores, a relay can't deposit in anyone's place. */
export function hashDeliveryToken(token: DeliveryToken): DeliveryTokenHash {
  return sha256(concatBytes(encodeUtf8('Sotto v1 delivery token\0'), token)) as DeliveryTokenHash
}
