import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { KEM_PUBLIC_KEY_BYTES } from '#protocol/envelope.ts'
import type { Brand } from '#shared/brand.ts'
import { nativeKem, type KemEngine } from './kem-engine.ts'
import { wipe, type RandomSource } from './primitives.ts'

/** The secret d ‖ z an ML-KEM-768 key pair is expanded from (FIPS 203 §7.1): 64 bytes. */
export type KemSeed = Brand<Uint8Array, 'KemSeed'>
export const KEM_SEED_BYTES = 64
const KEM_MESSAGE_BYTES = 32

/** ML-KEM-768 in JavaScript, for runtimes without one of their own (Electron's BoringSSL). */
export const portableKem: KemEngine = {
  name: 'portable',
  keyPair(seed) {
    const { publicKey, secretKey } = ml_kem768.keygen(seed)
    return {
      publicKey,
      decapsulate: (ciphertext) => ml_kem768.decapsulate(ciphertext, secretKey),
    }
  },
  encapsulate(publicKey, random) {
    if (publicKey.length !== KEM_PUBLIC_KEY_BYTES) return null
    const message = random(KEM_MESSAGE_BYTES)
    try {
      const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, message)
      return { ciphertext: cipherText, sharedSecret }
    } catch {
      return null // the modulus check of FIPS 203 §7.2
    } finally {
      wipe(message)
    }
  },
}

/** The fastest ML-KEM-768 this runtime has. Both give the same results from the same inputs. */
export const kem: KemEngine = nativeKem ?? portableKem

/** Draws a fresh KEM seed. */
export function generateKemSeed(random: RandomSource): KemSeed {
  return random(KEM_SEED_BYTES) as Uint8Array as KemSeed
}

/** Takes a stored seed; `null` for any other length. */
export function importKemSeed(bytes: Uint8Array): KemSeed | null {
  return bytes.length === KEM_SEED_BYTES ? (new Uint8Array(bytes) as Uint8Array as KemSeed) : null
}
