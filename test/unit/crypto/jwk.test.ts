import { describe, expect, test } from 'vitest'
import {
  decodePrivateJwk,
  decodePublicJwk,
  encodePrivateJwk,
  encodePublicJwk,
  type PublicJwk,
} from '#crypto/jwk.ts'
import { AgreementKeyPair, randomBytes } from '#crypto/primitives.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

/** A pair whose X begins with a zero byte, which sloppy encoders drop. */
function pairWithLeadingZero(): AgreementKeyPair {
  for (;;) {
    const pair = AgreementKeyPair.generate(randomBytes)
    if (pair.publicKey[1] === 0) return pair
  }
}

const pair = AgreementKeyPair.generate(randomBytes)
const jwk: PublicJwk = encodePublicJwk(pair.publicKey)
const privateJwk = encodePrivateJwk(pair)
const other = encodePublicJwk(AgreementKeyPair.generate(randomBytes).publicKey)

describe('a public JWK', () => {
  test('comes back as the point it was made of, whatever the order of its members', () => {
    expect(valueOf(decodePublicJwk(jwk))).toEqual(pair.publicKey)
    const { kty, crv, x, y } = jwk
    expect(valueOf(decodePublicJwk({ y, x, crv, kty }))).toEqual(pair.publicKey)
  })

  test('keeps leading zeros', () => {
    const padded = pairWithLeadingZero()
    const encoded = encodePublicJwk(padded.publicKey)
    expect(encoded.x).toMatch(/^A[\w-]{42}$/)
    expect(valueOf(decodePublicJwk(encoded))).toEqual(padded.publicKey)
    const short = { ...encoded, x: encodeBase64Url(padded.publicKey.subarray(2, 33)) }
    expect(codeOf(decodePublicJwk(short))).toBe('KEY_INVALID')
  })

  const standardBase64 = Buffer.from(new Uint8Array(32).fill(0xfb)).toString('base64')
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', JSON.stringify(jwk)],
    ['a list', [jwk]],
    ['a missing member', { kty: 'EC', crv: 'P-256', x: jwk.x }],
    ['a further member', { ...jwk, use: 'enc' }],
    ['a further member of no value', { ...jwk, ext: undefined }],
    ['a private member', privateJwk],
    ['inherited members', Object.create(jwk)],
    ['a symbol for a member', { ...jwk, [Symbol('kid')]: 1 }],
    ['another key type', { ...jwk, kty: 'OKP' }],
    ['another curve', { ...jwk, crv: 'P-384' }],
    ['the curve in lower case', { ...jwk, crv: 'p-256' }],
    ['the curve’s other name', { ...jwk, crv: 'secp256r1' }],
    ['a number as coordinate', { ...jwk, x: 1 }],
    ['bytes as coordinate', { ...jwk, x: pair.publicKey.subarray(1, 33) }],
    ['an empty coordinate', { ...jwk, x: '' }],
    ['padding', { ...jwk, x: `${jwk.x}=` }],
    ['standard base64', { ...jwk, x: standardBase64 }],
    ['white space', { ...jwk, x: ` ${jwk.x}` }],
    ['a line break at the end', { ...jwk, x: `${jwk.x}\n` }],
    ['trailing garbage', { ...jwk, x: `${jwk.x}AAAA` }],
    ['an over-long coordinate', { ...jwk, x: `AA${jwk.x}` }],
    ['unused bits that are not zero', { ...jwk, x: withUnusedBits(jwk.x) }],
    ['coordinates exchanged', { ...jwk, x: jwk.y, y: jwk.x }],
    ['coordinates of two keys', { ...jwk, y: other.y }],
    ['zeros', { ...jwk, x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  ])('is refused: %s', (_, input) => {
    expect(codeOf(decodePublicJwk(input))).toBe('KEY_INVALID')
  })
})

/** The same 32 bytes in base64url, with the two bits set that a canonical encoding leaves zero. */
function withUnusedBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) | 3)
}

describe('a private JWK', () => {
  test('comes back as the scalar', () => {
    expect(valueOf(decodePrivateJwk(privateJwk))).toEqual(pair.exportScalar())
  })

  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'
  test.each<[string, unknown]>([
    ['a public half of another key', { ...privateJwk, ...other }],
    ['a private half of another key', { ...privateJwk, d: encodeBase64Url(randomBytes(32)) }],
    ['no private half', jwk],
    ['a scalar of zero', { ...privateJwk, d: 'A'.repeat(43) }],
    ['the order as scalar', { ...privateJwk, d: encodeBase64Url(Buffer.from(order, 'hex')) }],
    ['all bits set', { ...privateJwk, d: encodeBase64Url(new Uint8Array(32).fill(255)) }],
    ['a short scalar', { ...privateJwk, d: encodeBase64Url(randomBytes(31)) }],
    ['a further member', { ...privateJwk, key_ops: ['deriveBits'] }],
  ])('is refused: %s', (_, input) => {
    expect(codeOf(decodePrivateJwk(input))).toBe('KEY_INVALID')
  })
})
