import { describe, expect, test } from 'vitest'
import { decodePoint } from '#crypto/points.ts'
import { AgreementKeyPair, randomBytes } from '#crypto/primitives.ts'
import { decodeAgreementPublicKey, decodeSigningPublicKey } from '#crypto/public-keys.ts'
import { concatBytes, decodeHex } from '#shared/bytes.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'
import { codeOf } from '#test/helpers/value-of.ts'

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

function modPow(base: bigint, exponent: bigint): bigint {
  let result = 1n
  for (let b = base % P, e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) {
    if (e & 1n) result = (result * b) % P
  }
  return result
}

/** A square root modulo P, which is 3 modulo 4. */
const sqrt = (value: bigint): bigint => modPow(value, (P + 1n) / 4n)

const uint256 = (value: bigint): Uint8Array =>
  Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const encode = (prefix: number, x: bigint, y: bigint): Uint8Array =>
  concatBytes(Uint8Array.of(prefix), uint256(x), uint256(y))

const valid = AgreementKeyPair.generate(randomBytes).publicKey
const x = BigInt(`0x${Buffer.from(valid.subarray(1, 33)).toString('hex')}`)
const y = BigInt(`0x${Buffer.from(valid.subarray(33)).toString('hex')}`)
const yAtZero = sqrt(B)

describe('a public key from outside', () => {
  test('is taken as 04 ‖ X ‖ Y on the curve, and copied', () => {
    const given = new Uint8Array(valid)
    const point = decodePoint(given)
    given.fill(0)
    expect(point).toEqual(valid)
  })

  test('may have X = 0, whose Y is the root of b', () => {
    expect((yAtZero * yAtZero) % P).toBe(B)
    expect(decodePoint(encode(4, 0n, yAtZero))).not.toBeNull()
  })

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['the point at infinity', Uint8Array.of(0)],
    ['65 zeros', new Uint8Array(65)],
    ['X and Y of zero', encode(4, 0n, 0n)],
    ['the compressed form, even', concatBytes(Uint8Array.of(2), uint256(x))],
    ['the compressed form, odd', concatBytes(Uint8Array.of(3), uint256(x))],
    ['the hybrid form, even', encode(6, x, y % 2n === 0n ? y : P - y)],
    ['the hybrid form, odd', encode(7, x, y % 2n === 1n ? y : P - y)],
    ['the right length with another prefix', encode(5, x, y)],
    ['the raw coordinates alone', valid.subarray(1)],
    ['one byte less', valid.subarray(0, 64)],
    ['one byte more', concatBytes(valid, Uint8Array.of(0))],
    ['Y off by one', encode(4, x, (y + 1n) % P)],
    ['a point of the curve with another b', encode(4, 3n, sqrt(27n - 9n + 5n))],
    ['a point of the twist', encode(4, (P - x) % P, y)],
    ['X not below the prime: X = P, equal to 0', encode(4, P, yAtZero)],
    ['Y not below the prime', encode(4, x, 2n ** 256n - 1n)],
    ['all bits set', new Uint8Array(65).fill(255)],
    [
      'an invalid-curve point of small order (Wycheproof)',
      decodeHex(
        '04b70bf043c144935756f8f4578c369cf960ee510a5a0f90e93a373a21f0d1397f' +
          '4a2e0ded57a5156bb82eb4314c37fd4155395a7e51988af289cce531b9c17192',
      ) ?? new Uint8Array(0),
    ],
  ])('is refused: %s', (_, bytes) => {
    expect(codeOf(decodeAgreementPublicKey(bytes))).toBe('KEY_INVALID')
    expect(codeOf(decodeSigningPublicKey(bytes))).toBe('KEY_INVALID')
  })

  test('is refused with any single bit changed', () => {
    // Y² is fixed by X, so that of all neighbours none can lie on the curve but by a chance of 2^-256.
    for (let bit = 0; bit < valid.length * 8; bit++) {
      expect(decodePoint(flipBit(valid, bit))).toBeNull()
    }
  })
})
