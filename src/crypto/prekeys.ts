import { BinaryWriter } from '#protocol/binary.ts'
import { generateKemSeed, kem, type KemSeed } from './kem.ts'
import {
  AgreementKeyPair,
  type AgreementPublicKey,
  type RandomSource,
  type SigningKeyPair,
  type SigningPublicKey,
} from './primitives.ts'
import { signStatement, verifyStatement } from './signatures.ts'

// Ids of prekeys are 1 … 2^32 − 1, counted up by the store, one sequence for curve prekeys (signed and one-time) and
// one for KEM prekeys (last-resort and one-time).

/** A curve prekey as published: the medium-lived one. */
export interface SignedPrekey {
  readonly id: number
  readonly publicKey: AgreementPublicKey
  readonly signature: Uint8Array
}

/** A KEM prekey as published: one-time or last-resort, which its user need not know. */
export interface KemPrekey {
  readonly id: number
  /** 1,184 bytes. */
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
}

/** A one-time curve prekey as published. It is unsigned: a relay that swaps it only breaks the handshake. */
export interface OneTimePrekey {
  readonly id: number
  readonly publicKey: AgreementPublicKey
}

/** A prekey's private half, for the encrypted store, beside what the relay gets. */
export interface NewCurvePrekey<Published> {
  readonly pair: AgreementKeyPair
  readonly published: Published
}
export interface NewKemPrekey {
  readonly seed: KemSeed
  readonly published: KemPrekey
}

/** What one device hands out through its relay to whoever wants to write to it (PROTOCOL §4.2). */
export interface PrekeyBundle {
  /** Account signing key; `certificate` and both signatures are verified under it. */
  readonly signingKey: SigningPublicKey
  readonly certificate: Uint8Array
  readonly signedPrekey: SignedPrekey
  readonly kemPrekey: KemPrekey
  /** Absent once all are used up. */
  readonly oneTimePrekey: OneTimePrekey | null
}

/** Generates a signed prekey (PROTOCOL §4.1). */
export function generateSignedPrekey(
  signer: SigningKeyPair,
  deviceId: number,
  id: number,
  random: RandomSource,
): NewCurvePrekey<SignedPrekey> {
  const pair = AgreementKeyPair.generate(random)
  const { publicKey } = pair
  const signature = signStatement(signer, 'signed prekey', prekeyBody(deviceId, id, publicKey))
  return { pair, published: { id, publicKey, signature } }
}

/** Generates KEM prekeys with consecutive ids (PROTOCOL §4.1); the last-resort one is a batch of one. */
export function generateKemPrekeys(
  signer: SigningKeyPair,
  deviceId: number,
  firstId: number,
  count: number,
  random: RandomSource,
): NewKemPrekey[] {
  return Array.from({ length: count }, (_, index) => {
    const id = firstId + index
    const seed = generateKemSeed(random)
    const { publicKey } = kem.keyPair(seed)
    const signature = signStatement(signer, 'kem prekey', prekeyBody(deviceId, id, publicKey))
    return { seed, published: { id, publicKey, signature } }
  })
}

/** Generates one-time curve prekeys with consecutive ids. */
export function generateOneTimePrekeys(
  firstId: number,
  count: number,
  random: RandomSource,
): NewCurvePrekey<OneTimePrekey>[] {
  return Array.from({ length: count }, (_, index) => {
    const pair = AgreementKeyPair.generate(random)
    return { pair, published: { id: firstId + index, publicKey: pair.publicKey } }
  })
}

/** Verifies the signature of a signed prekey. */
export function verifySignedPrekey(
  signer: SigningPublicKey,
  deviceId: number,
  prekey: SignedPrekey,
): boolean {
  const body = prekeyBody(deviceId, prekey.id, prekey.publicKey)
  return verifyStatement(signer, 'signed prekey', body, prekey.signature)
}

/** Verifies the signature of a KEM prekey. */
export function verifyKemPrekey(
  signer: SigningPublicKey,
  deviceId: number,
  prekey: KemPrekey,
): boolean {
  const body = prekeyBody(deviceId, prekey.id, prekey.publicKey)
  return verifyStatement(signer, 'kem prekey', body, prekey.signature)
}

/** Device id(4) ‖ prekey id(4) ‖ public key. */
function prekeyBody(deviceId: number, id: number, publicKey: Uint8Array): Uint8Array {
  return new BinaryWriter().uint32(deviceId).uint32(id).bytes(publicKey).finish()
}
