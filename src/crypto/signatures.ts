import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { SIGNATURE_BYTES } from './der-signature.ts'
import { verifyRaw, type SigningKeyPair, type SigningPublicKey } from './primitives.ts'

/** What a signature is for; no signature of one purpose passes for another (PROTOCOL §3.2). */
export type SignatureLabel =
  | 'device certificate'
  | 'signed prekey'
  | 'kem prekey'
  | 'message'
  | 'device list'
  | 'invite'
  | 'update'
  | 'checkpoint'

/** Order n of P-256's group (NIST SP 800-186 §3.2.1.3). */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const HALF_N = N >> 1n

/**
 * Signs a statement: ECDSA P-256 with SHA-256 over `"Sotto v1 " ‖ label ‖ 00 ‖ signer's public key ‖ body`.
 * @returns r ‖ s, 64 bytes, with the lower of the two valid s, so that each signing gives one acceptable encoding.
 */
export function signStatement(
  signer: SigningKeyPair,
  label: SignatureLabel,
  body: Uint8Array,
): Uint8Array {
  const signature = signer.signRaw(statement(signer.publicKey, label, body))
  return withLowS(signature)
}

/** Verifies a statement. A signature with high s, the second form anyone can make of a valid one, is refused. */
export function verifyStatement(
  signer: SigningPublicKey,
  label: SignatureLabel,
  body: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== SIGNATURE_BYTES || readS(signature) > HALF_N) return false
  return verifyRaw(signer, statement(signer, label, body), signature)
}

function statement(signer: SigningPublicKey, label: SignatureLabel, body: Uint8Array): Uint8Array {
  return concatBytes(encodeUtf8(`Sotto v1 ${label}\0`), signer, body)
}

function readS(signature: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
}

/** Replaces a high s by n − s: the same signature in its canonical form. */
export function withLowS(signature: Uint8Array): Uint8Array {
  const s = readS(signature)
  if (s <= HALF_N) return signature
  const low = Buffer.from((N - s).toString(16).padStart(64, '0'), 'hex')
  return concatBytes(signature.subarray(0, 32), low)
}
