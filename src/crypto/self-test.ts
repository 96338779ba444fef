import { decodeHex, equalPublicBytes } from '#shared/bytes.ts'
import { KEM_CIPHERTEXT_BYTES } from '#protocol/envelope.ts'
import { hkdfSha256, hmacSha512 } from './hkdf.ts'
import { KEM_SEED_BYTES, portableKem } from './kem.ts'
import { nativeKem } from './kem-engine.ts'
import { decodePoint } from './points.ts'
import {
  AeadKey,
  AgreementKeyPair,
  randomBytes,
  sha256,
  SigningKeyPair,
  verifyRaw,
  type AgreementPublicKey,
  type SigningPublicKey,
} from './primitives.ts'

function hex(text: string): Uint8Array {
  const bytes = decodeHex(text)
  if (bytes === null) throw new TypeError('a known answer is not hexadecimal')
  return bytes
}

function point(text: string): Uint8Array {
  const decoded = decodePoint(hex(text))
  if (decoded === null) throw new TypeError('a known point is not on the curve')
  return decoded
}

const KEM_PUBLIC_KEY_SHA256 = 'f95c185fe5b2335d2fc938dd889c6425944acd74376b6952bf1130f720f6ba99'
const KEM_REJECTION_SECRET = '0419c6fa226891f68d792ae5e5a2929f2876ecf86dc7bb27ee0b3563320adb8f'

/** Each known answer, by what it tests. Sources: FIPS 180-4, RFC 5869, SP 800-38D, RFC 5903, RFC 6979, FIPS 203. */
const CHECKS: Readonly<Record<string, () => boolean>> = {
  'SHA-256': () =>
    equalPublicBytes(
      sha256(hex('616263')),
      hex('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'),
    ),
  // RFC 4231, test case 2
  'HMAC-SHA-512': () =>
    equalPublicBytes(
      hmacSha512(hex('4a656665'), hex('7768617420646f2079612077616e7420666f72206e6f7468696e673f')),
      hex(
        '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554' +
          '9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
      ),
    ),
  // RFC 5869, test case 1
  'HKDF-SHA-256': () =>
    equalPublicBytes(
      hkdfSha256(
        hex('0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b'),
        hex('000102030405060708090a0b0c'),
        hex('f0f1f2f3f4f5f6f7f8f9'),
        42,
      ),
      hex('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'),
    ),
  // The GCM specification's test case 14; then the same with one bit changed, and cut to a short tag
  'AES-256-GCM': () => {
    const key = new AeadKey(new Uint8Array(32))
    const nonce = new Uint8Array(12)
    const sealed = key.seal(nonce, new Uint8Array(16))
    const changed = sealed.slice()
    changed[0] = (changed[0] ?? 0) ^ 1
    return (
      equalPublicBytes(
        sealed,
        hex('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'),
      ) &&
      equalPublicBytes(key.open(nonce, sealed) ?? changed, new Uint8Array(16)) &&
      key.open(nonce, changed) === null &&
      key.open(nonce, sealed.subarray(0, 20)) === null
    )
  },
  // RFC 5903 §8.1
  'ECDH P-256': () => {
    const pair = AgreementKeyPair.fromScalar(
      hex('c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433'),
    )
    const peer = point(
      '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63' +
        '56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
    ) as AgreementPublicKey
    return (
      pair !== null &&
      equalPublicBytes(
        pair.agree(peer),
        hex('d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de'),
      )
    )
  },
  // RFC 6979 A.2.5, SHA-256, "test"; then the same over another message, and a signature of our own
  'ECDSA P-256': () => {
    const key = point(
      '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6' +
        '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
    ) as SigningPublicKey
    const signature = hex(
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367' +
        '019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
    )
    const own = SigningKeyPair.generate(randomBytes)
    return (
      verifyRaw(key, hex('74657374'), signature) &&
      !verifyRaw(key, hex('74657375'), signature) &&
      verifyRaw(own.publicKey, signature, own.signRaw(signature))
    )
  },
  // FIPS 203 with an all-zero seed and an all-zero ciphertext, which is rejected implicitly; test/vectors checks the
  // implementation these two were computed with against published answers
  'ML-KEM-768': () =>
    [portableKem, nativeKem].every((engine) => {
      const pair = engine?.keyPair(new Uint8Array(KEM_SEED_BYTES))
      return (
        pair === undefined ||
        (equalPublicBytes(sha256(pair.publicKey), hex(KEM_PUBLIC_KEY_SHA256)) &&
          equalPublicBytes(
            pair.decapsulate(new Uint8Array(KEM_CIPHERTEXT_BYTES)),
            hex(KEM_REJECTION_SECRET),
          ))
      )
    }),
  'random source': () => !equalPublicBytes(randomBytes(32), randomBytes(32)),
}

/**
 * Computes known answers with every primitive (PROTOCOL §2.6). Run before any key is touched: a runtime that fails
 * must not be used.
 * @throws TypeError naming the primitive that failed.
 */
export function runSelfTest(): void {
  for (const [primitive, passes] of Object.entries(CHECKS)) {
    if (!passes()) throw new TypeError(`cryptographic self-test failed: ${primitive}`)
  }
}
