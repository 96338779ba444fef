import { describe, expect, test } from 'vitest'
import { hkdfSha256 } from '#crypto/hkdf.ts'
import { decodePublicJwk, encodePublicJwk } from '#crypto/jwk.ts'
import {
  AeadKey,
  AgreementKeyPair,
  randomBytes,
  type AgreementPublicKey,
} from '#crypto/primitives.ts'
import { concatBytes, decodeUtf8, encodeUtf8 } from '#shared/bytes.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'
import { valueOf } from '#test/helpers/value-of.ts'

// The path every session stands on, one step after the other, on the functions that the session uses.
describe('two users agree on a key and seal a message with it', () => {
  const alice = AgreementKeyPair.generate(randomBytes)
  const bob = AgreementKeyPair.generate(randomBytes)
  const salt = randomBytes(16)
  const info = encodeUtf8('example v1\0alice@one.example\0bob@two.example')

  const importPeer = (jwkText: string): AgreementPublicKey =>
    valueOf(decodePublicJwk(JSON.parse(jwkText))) as Uint8Array as AgreementPublicKey
  const jwkOf = (pair: AgreementKeyPair): string => JSON.stringify(encodePublicJwk(pair.publicKey))
  const deriveKey = (shared: Uint8Array, withSalt = salt, withInfo = info): AeadKey =>
    new AeadKey(hkdfSha256(shared, withSalt, withInfo, 32))

  test('each makes a P-256 pair, whose public half is a JWK of exactly four members', () => {
    const jwk = JSON.parse(jwkOf(alice)) as Record<string, string>
    expect(Object.keys(jwk).toSorted()).toEqual(['crv', 'kty', 'x', 'y'])
    expect(jwk).toMatchObject({ kty: 'EC', crv: 'P-256' })
    expect(jwk['x']).toMatch(/^[\w-]{43}$/)
    expect(jwk['y']).toMatch(/^[\w-]{43}$/)
  })

  test('both derive the same 256 bits from their own half and the imported half of the other', () => {
    const atAlice = alice.agree(importPeer(jwkOf(bob)))
    const atBob = bob.agree(importPeer(jwkOf(alice)))
    expect(atAlice).toEqual(atBob)
    expect(atAlice.length * 8).toBe(256)
  })

  test('the result is what WebCrypto derives from the same JWKs', async () => {
    const { subtle } = globalThis.crypto
    const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
    const ours = { ...encodePublicJwk(alice.publicKey), d: base64Url(alice.exportScalar()) }
    const privateKey = await subtle.importKey('jwk', ours, algorithm, false, ['deriveBits'])
    const peer = await subtle.importKey(
      'jwk',
      { ...encodePublicJwk(bob.publicKey) },
      algorithm,
      true,
      [],
    )
    const bits = await subtle.deriveBits({ name: 'ECDH', public: peer }, privateKey, 256)
    expect(new Uint8Array(bits)).toEqual(new Uint8Array(alice.agree(bob.publicKey)))
  })

  test('HKDF-SHA-256 gives the same key to both, another one for other users or another salt', () => {
    const shared = alice.agree(bob.publicKey)
    const nonce = randomBytes(12)
    const sealed = deriveKey(shared).seal(nonce, encodeUtf8('hi'))
    expect(deriveKey(bob.agree(alice.publicKey)).open(nonce, sealed)).toEqual(encodeUtf8('hi'))
    const forOthers = encodeUtf8('example v1\0alice@one.example\0eve@two.example')
    expect(deriveKey(shared, salt, forOthers).open(nonce, sealed)).toBeNull()
    expect(deriveKey(shared, randomBytes(16)).open(nonce, sealed)).toBeNull()
  })

  test('AES-256-GCM seals with a fresh 12-byte IV, the tag in one blob with the ciphertext', () => {
    const key = deriveKey(alice.agree(bob.publicKey))
    const text = encodeUtf8('see you at eight')
    const [one, two] = [randomBytes(12), randomBytes(12)]
    expect(one).not.toEqual(two)
    const sealed = key.seal(one, text)
    expect(sealed).toHaveLength(text.length + 16)
    expect(sealed).not.toEqual(key.seal(two, text))
    const opened = deriveKey(bob.agree(alice.publicKey)).open(one, sealed)
    expect(opened && decodeUtf8(opened)).toBe('see you at eight')
  })

  test('any flipped bit is refused: of the IV, the ciphertext, the tag and the associated data', () => {
    const key = deriveKey(alice.agree(bob.publicKey))
    const nonce = randomBytes(12)
    const associated = encodeUtf8('header')
    const sealed = key.seal(nonce, encodeUtf8('see you at eight'), associated)
    const message = concatBytes(nonce, associated, sealed)
    const open = (bytes: Uint8Array): Uint8Array | null =>
      key.open(bytes.subarray(0, 12), bytes.subarray(18), bytes.subarray(12, 18))
    expect(open(message)).not.toBeNull()
    for (let bit = 0; bit < message.length * 8; bit++) {
      expect(open(flipBit(message, bit))).toBeNull()
    }
  })
})

function base64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
