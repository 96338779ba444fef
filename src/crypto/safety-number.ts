import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'
import { concatBytes, encodeUtf8, equalPublicBytes } from '#shared/bytes.ts'
import { fingerprint, FINGERPRINT_BYTES } from './identity.ts'
import { sha512, type SigningPublicKey } from './primitives.ts'

/** One side of a comparison. */
export interface SafetyParty {
  readonly address: string
  readonly signingKey: SigningPublicKey
}

/** Hashes after each other, so that searching for a key with similar digits costs that much more. */
const ITERATIONS = 5200
const DIGIT_GROUPS = 6
const GROUP_BYTES = 5
const GROUP_DIGITS = 5

/**
 * The safety number of two people (PROTOCOL §9.1): 60 digits, the same on both sides, whoever is "own".
 * @returns Twelve groups of five digits, without separators.
 */
export function safetyNumber(a: SafetyParty, b: SafetyParty): string {
  return [partyDigits(a), partyDigits(b)].toSorted().join('')
}

function partyDigits({ address, signingKey }: SafetyParty): string {
  const label = encodeUtf8('Sotto v1 safety number\0')
  let hash = sha512(concatBytes(label, signingKey, encodeUtf8(address)))
  const input = concatBytes(hash, signingKey)
  for (let i = 1; i < ITERATIONS; i++) {
    input.set(hash)
    hash = sha512(input)
  }
  let digits = ''
  for (let group = 0; group < DIGIT_GROUPS; group++) {
    let value = 0
    const start = group * GROUP_BYTES
    for (const byte of hash.subarray(start, start + GROUP_BYTES)) value = value * 256 + byte
    digits += String(value % 10 ** GROUP_DIGITS).padStart(GROUP_DIGITS, '0')
  }
  return digits
}

const QR_PREFIX = encodeUtf8('SOTTO')
const QR_VERSION = 1

/** What scanning another person's QR code says. */
export type SafetyQrOutcome = 'match' | 'mismatch' | 'not-a-safety-code' | 'unknown-version'

/**
 * The bytes of the QR code that `own` shows to `peer` (PROTOCOL §9.2).
 * Layout: "SOTTO"(5) ‖ version(1) ‖ own fingerprint(32) ‖ peer's fingerprint(32).
 */
export function encodeSafetyQr(own: SafetyParty, peer: SafetyParty): Uint8Array {
  return new BinaryWriter()
    .bytes(QR_PREFIX)
    .uint8(QR_VERSION)
    .bytes(qrFingerprint(own))
    .bytes(qrFingerprint(peer))
    .finish()
}

/** Compares a code scanned from `peer`'s screen with what `own` knows. */
export function verifySafetyQr(
  scanned: Uint8Array,
  own: SafetyParty,
  peer: SafetyParty,
): SafetyQrOutcome {
  const reader = new BinaryReader(scanned)
  if (!equalPublicBytes(reader.bytes(QR_PREFIX.length), QR_PREFIX)) return 'not-a-safety-code'
  const version = reader.uint8()
  if (reader.ok && version !== QR_VERSION) return 'unknown-version'
  const shown = reader.bytes(FINGERPRINT_BYTES)
  const seen = reader.bytes(FINGERPRINT_BYTES)
  if (!reader.finish()) return 'not-a-safety-code'
  return equalPublicBytes(shown, qrFingerprint(peer)) && equalPublicBytes(seen, qrFingerprint(own))
    ? 'match'
    : 'mismatch'
}

/** The account's fingerprint, hashed together with its address: names and keys are compared at once. */
function qrFingerprint({ address, signingKey }: SafetyParty): Uint8Array {
  const label = encodeUtf8('Sotto v1 safety code\0')
  const bound = concatBytes(label, fingerprint(signingKey), encodeUtf8(address))
  return sha512(bound).subarray(0, FINGERPRINT_BYTES)
}
