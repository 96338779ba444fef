import { KEM_PUBLIC_KEY_BYTES } from '#protocol/envelope.ts'
import { concatBytes } from '#shared/bytes.ts'
import {
  decapsulate,
  encapsulate,
  exportPublicJwk,
  importPkcs8,
  importSpki,
  randomBytes,
  wipe,
  type RandomSource,
  type RuntimeKey,
} from './primitives.ts'

/** An expanded ML-KEM-768 key pair. */
export interface KemKeyPair {
  /** Encapsulation key, 1,184 bytes. */
  readonly publicKey: Uint8Array
  /** @param ciphertext - 1,088 bytes. A wrong one gives a wrong secret, as FIPS 203 §6.3 wants. */
  decapsulate(ciphertext: Uint8Array): Uint8Array
}

/** An implementation of ML-KEM-768 (FIPS 203). */
export interface KemEngine {
  readonly name: 'native' | 'portable'
  /** Expands the 64-byte seed d ‖ z. */
  keyPair(seed: Uint8Array): KemKeyPair
  /** @returns `null` where `publicKey` fails the checks of FIPS 203 §7.2. */
  encapsulate(
    publicKey: Uint8Array,
    random: RandomSource,
  ): { ciphertext: Uint8Array; sharedSecret: Uint8Array } | null
}

// What stands before the raw keys in SPKI and PKCS #8 (RFC 9935): the length, and id-alg-ml-kem-768.
const SPKI_PREFIX = Buffer.from('308204b2300b0609608648016503040402038204a100', 'hex')
const PKCS8_SEED_PREFIX = Buffer.from('3054020100300b060960864801650304040204428040', 'hex')

function importSeed(seed: Uint8Array): RuntimeKey {
  const der = concatBytes(PKCS8_SEED_PREFIX, seed)
  const key = importPkcs8(der)
  wipe(der)
  return key
}

/** ML-KEM of the runtime; it draws its randomness itself. */
const runtimeKem: KemEngine = {
  name: 'native',
  keyPair(seed) {
    const key = importSeed(seed)
    const { pub } = exportPublicJwk(key) // ten times faster than DER
    if (typeof pub !== 'string') throw new TypeError('the runtime exports no ML-KEM public key')
    return {
      publicKey: new Uint8Array(Buffer.from(pub, 'base64url')),
      decapsulate: (ciphertext) => decapsulate(key, ciphertext),
    }
  },
  encapsulate(publicKey) {
    if (publicKey.length !== KEM_PUBLIC_KEY_BYTES) return null
    let key
    try {
      key = importSpki(concatBytes(SPKI_PREFIX, publicKey))
    } catch {
      return null
    }
    return encapsulate(key)
  },
}

function detectRuntimeKem(): KemEngine | null {
  try {
    const probe = runtimeKem.keyPair(new Uint8Array(64))
    return runtimeKem.encapsulate(probe.publicKey, randomBytes) && runtimeKem
  } catch {
    return null // BoringSSL, or an OpenSSL below 3.5
  }
}

/** ML-KEM-768 of the runtime, where it has one (Node 24 with OpenSSL 3.5; not Electron). */
export const nativeKem: KemEngine | null = detectRuntimeKem()
