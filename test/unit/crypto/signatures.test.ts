import { describe, expect, test } from 'vitest'
import { fromDerSignature, toDerSignature } from '#crypto/der-signature.ts'
import { randomBytes, SigningKeyPair, verifyRaw } from '#crypto/primitives.ts'
import { signStatement, verifyStatement, withLowS } from '#crypto/signatures.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'

const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const signer = SigningKeyPair.generate(randomBytes)
const other = SigningKeyPair.generate(randomBytes)
const body = encodeUtf8('body')
const signature = signStatement(signer, 'message', body)

const uint256 = (value: bigint): Uint8Array =>
  Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const integer = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)

/** The other signature that is valid wherever the given one is. */
function twin(of: Uint8Array): Uint8Array {
  return concatBytes(of.subarray(0, 32), uint256(N - integer(of.subarray(32))))
}

describe('a signed statement', () => {
  test('holds for its signer, label and body alone', () => {
    expect(verifyStatement(signer.publicKey, 'message', body, signature)).toBe(true)
    expect(verifyStatement(other.publicKey, 'message', body, signature)).toBe(false)
    expect(verifyStatement(signer.publicKey, 'invite', body, signature)).toBe(false)
    expect(verifyStatement(signer.publicKey, 'message', encodeUtf8('bodY'), signature)).toBe(false)
  })

  test('does not hold with any bit of the signature changed', () => {
    for (let bit = 0; bit < signature.length * 8; bit++) {
      const changed = flipBit(signature, bit)
      expect(verifyStatement(signer.publicKey, 'message', body, changed)).toBe(false)
    }
  })

  test('has one acceptable encoding: the twin that ECDSA allows is refused', () => {
    for (let i = 0; i < 16; i++) {
      const signed = signStatement(signer, 'message', body)
      expect(integer(signed.subarray(32))).toBeLessThanOrEqual(N / 2n)
      expect(verifyStatement(signer.publicKey, 'message', body, signed)).toBe(true)
      expect(verifyStatement(signer.publicKey, 'message', body, twin(signed))).toBe(false)
      expect(withLowS(twin(signed))).toEqual(signed)
    }
  })

  test('the twin is a valid ECDSA signature, which only our rule refuses', () => {
    const raw = signer.signRaw(body)
    expect(verifyRaw(signer.publicKey, body, raw)).toBe(true)
    expect(verifyRaw(signer.publicKey, body, twin(raw))).toBe(true)
  })
})

describe('a malformed signature is just not valid', () => {
  const r = signature.subarray(0, 32)
  const s = signature.subarray(32)
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(64)],
    ['r of zero', concatBytes(new Uint8Array(32), s)],
    ['s of zero', concatBytes(r, new Uint8Array(32))],
    ['r of n', concatBytes(uint256(N), s)],
    ['s of n', concatBytes(r, uint256(N))],
    ['r above n by r', concatBytes(uint256(2n ** 256n - 1n), s)],
    ['r and s exchanged', concatBytes(s, r)],
    ['one byte less', signature.subarray(0, 63)],
    ['one byte more', concatBytes(signature, Uint8Array.of(0))],
    ['the DER form', toDerSignature(signature)],
  ])('%s', (_, malformed) => {
    expect(verifyStatement(signer.publicKey, 'message', body, malformed)).toBe(false)
    expect(verifyRaw(signer.publicKey, body, malformed)).toBe(false)
  })
})

test.each<[string, bigint, bigint]>([
  ['small numbers', 1n, 2n],
  ['leading zeros', 2n ** 200n, 2n ** 128n],
  ['leading bits set', 2n ** 256n - 1n, 2n ** 255n],
  ['a byte boundary', 0x80n, 0x7fn],
])('DER and back keeps a signature of %s', (_, r, s) => {
  const raw = concatBytes(uint256(r), uint256(s))
  expect(fromDerSignature(toDerSignature(raw))).toEqual(raw)
})
