import { createHash, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { describe, expect, test } from 'vitest'
import { hkdfSha256, hmacSha256, hmacSha512 } from '#crypto/hkdf.ts'
import { portableKem } from '#crypto/kem.ts'
import { nativeKem } from '#crypto/kem-engine.ts'
import {
  AeadKey,
  AgreementKeyPair,
  publicSha256,
  sha256,
  verifyRaw,
  type AgreementPublicKey,
} from '#crypto/primitives.ts'
import { decodeAgreementPublicKey, decodeSigningPublicKey } from '#crypto/public-keys.ts'
import { withLowS } from '#crypto/signatures.ts'
import { encodeHex } from '#shared/bytes.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import gcm from './aes-256-gcm.json' with { type: 'json' }
import hkdf from './hkdf-sha256.json' with { type: 'json' }
import hmac from './hmac.json' with { type: 'json' }
import ecdh from './p256-ecdh.json' with { type: 'json' }
import ecdsa from './p256-ecdsa.json' with { type: 'json' }

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

describe(`HMAC: ${hmac.origin}`, () => {
  test.each(hmac.vectors)('key of $key.length digits', ({ key, data, sha256, sha512 }) => {
    expect(encodeHex(hmacSha256(hex(key), hex(data)))).toBe(sha256)
    expect(encodeHex(hmacSha512(hex(key), hex(data)))).toBe(sha512)
  })
})

// FIPS 180-4, the examples of NIST's "Cryptographic Standards and Guidelines": no bytes, one block, two blocks.
describe('SHA-256, by either way', () => {
  test.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('of "%s"', (text, digest) => {
    const data = new TextEncoder().encode(text)
    expect(encodeHex(sha256(data))).toBe(digest)
    expect(encodeHex(publicSha256(data))).toBe(digest)
    // Memory of its own: what is sent on takes nothing else along.
    expect(publicSha256(data).buffer.byteLength).toBe(32)
  })
})

describe(`HKDF-SHA-256: ${hkdf.origin}`, () => {
  test.each(hkdf.vectors)('$name', ({ ikm, salt, info, okm }) => {
    const output = hkdfSha256(hex(ikm), hex(salt), hex(info), okm.length / 2)
    expect(encodeHex(output)).toBe(okm)
  })

  test.each([0, -1, 1.5, 8161])('gives no %d bytes', (length) => {
    expect(() => hkdfSha256(hex('00'), hex(''), hex(''), length)).toThrow(RangeError)
  })

  test('gives 8,160 bytes at most', () => {
    expect(hkdfSha256(hex('00'), hex(''), hex(''), 8160)).toHaveLength(8160)
  })
})

describe(`AES-256-GCM: ${gcm.origin}`, () => {
  test.each(gcm.vectors)('$plaintext.length digits, $aad.length associated', (vector) => {
    const key = new AeadKey(hex(vector.key))
    const [nonce, aad, sealed] = [hex(vector.nonce), hex(vector.aad), hex(vector.sealed)]
    expect(encodeHex(key.seal(nonce, hex(vector.plaintext), aad))).toBe(vector.sealed)
    expect(encodeHex(key.open(nonce, sealed, aad) ?? hex('ff'))).toBe(vector.plaintext)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      expect(key.open(nonce, flipBit(sealed, bit), aad)).toBeNull()
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(key.open(nonce, sealed.subarray(0, length), aad)).toBeNull()
    }
  })
})

describe(`ECDH P-256: ${ecdh.origin}`, () => {
  test.each(ecdh.vectors)('$scalar', ({ scalar, own, peer, shared }) => {
    const pair = AgreementKeyPair.fromScalar(hex(scalar))
    if (pair === null) throw new Error('a valid scalar was refused')
    const peerKey = valueOf(decodeAgreementPublicKey(hex(peer)))
    if (own !== '') expect(encodeHex(pair.publicKey)).toBe(own)
    expect(encodeHex(pair.agree(peerKey))).toBe(shared)
    expect(encodeHex(agreeElsewhere(pair, peerKey))).toBe(shared)
  })
})

/** The same agreement through the runtime's other interface. */
function agreeElsewhere(pair: AgreementKeyPair, peer: AgreementPublicKey): Uint8Array {
  const jwk = (point: Uint8Array): { kty: string; crv: string; x: string; y: string } => ({
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.from(point.subarray(1, 33)).toString('base64url'),
    y: Buffer.from(point.subarray(33)).toString('base64url'),
  })
  const d = Buffer.from(pair.exportScalar()).toString('base64url')
  return diffieHellman({
    privateKey: createPrivateKey({ key: { ...jwk(pair.publicKey), d }, format: 'jwk' }),
    publicKey: createPublicKey({ key: jwk(peer), format: 'jwk' }),
  })
}

describe(`ECDSA P-256: ${ecdsa.origin}`, () => {
  test.each(ecdsa.vectors)('$signature', ({ publicKey, message, signature, high }) => {
    const key = valueOf(decodeSigningPublicKey(hex(publicKey)))
    const given = hex(signature)
    expect(verifyRaw(key, hex(message), given)).toBe(true)
    expect(verifyRaw(key, hex(`${message}00`), given)).toBe(false)
    const low = withLowS(given)
    expect(encodeHex(low) === signature).toBe(!high)
    expect(verifyRaw(key, hex(message), low)).toBe(true)
    for (let bit = 0; bit < given.length * 8; bit++) {
      expect(verifyRaw(key, hex(message), flipBit(given, bit))).toBe(false)
    }
  })
})

// The reference implementation's accumulated test (pq-crystals; published with C2SP CCTV and filippo.io/mlkem768): one
// hash over 100 runs of key generation, encapsulation and decapsulation of random ciphertexts, all from one stream.
test.each([portableKem, ...(nativeKem === null ? [] : [nativeKem])])(
  'ML-KEM-768, $name, gives the published hash over 100 runs',
  (engine) => {
    const RUNS = 100
    const RUN_BYTES = 64 + 32 + 1088
    const stream = createHash('shake128', { outputLength: RUNS * RUN_BYTES }).digest()
    const accumulated = createHash('shake128', { outputLength: 32 })
    for (let run = 0; run < RUNS; run++) {
      const input = stream.subarray(run * RUN_BYTES, (run + 1) * RUN_BYTES)
      const pair = engine.keyPair(input.subarray(0, 64))
      // Native encapsulation draws its own randomness: both check the one that replays by decapsulating.
      const sent = ml_kem768.encapsulate(pair.publicKey, new Uint8Array(input.subarray(64, 96)))
      expect(encodeHex(pair.decapsulate(sent.cipherText))).toBe(encodeHex(sent.sharedSecret))
      accumulated.update(pair.publicKey).update(sent.cipherText).update(sent.sharedSecret)
      accumulated.update(pair.decapsulate(input.subarray(96)))
    }
    expect(accumulated.digest('hex')).toBe(
      '1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415',
    )
  },
)
