import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  AeadKey,
  AgreementKeyPair,
  randomBytes,
  scrypt,
  SigningKeyPair,
  timingSafeEqual,
} from '#crypto/primitives.ts'
import { encodeHex, encodeUtf8 } from '#shared/bytes.ts'

describe('an AEAD key', () => {
  const key = new AeadKey(randomBytes(32))
  const nonce = randomBytes(12)
  const sealed = key.seal(nonce, encodeUtf8('text'), encodeUtf8('data'))

  test('opens what it sealed, empty text included', () => {
    expect(key.open(nonce, sealed, encodeUtf8('data'))).toEqual(encodeUtf8('text'))
    expect(key.open(nonce, key.seal(nonce, new Uint8Array(0)))).toHaveLength(0)
  })

  test.each([0, 4, 8, 12, 15])('refuses a tag cut to %i bytes', (tagBytes) => {
    const cut = sealed.subarray(0, sealed.length - 16 + tagBytes)
    expect(key.open(nonce, cut, encodeUtf8('data'))).toBeNull()
  })

  test('refuses missing or other associated data, and nonces of another length', () => {
    expect(key.open(nonce, sealed)).toBeNull()
    expect(key.open(nonce, sealed, encodeUtf8('date'))).toBeNull()
    expect(key.open(randomBytes(16), sealed, encodeUtf8('data'))).toBeNull()
    expect(() => key.seal(randomBytes(16), encodeUtf8('text'))).toThrow(RangeError)
    expect(() => key.seal(new Uint8Array(0), encodeUtf8('text'))).toThrow(RangeError)
  })

  test('has 32 bytes, which it keeps from a log and from another thread', () => {
    const bytes = randomBytes(32)
    const secret = new AeadKey(bytes)
    const copy = bytes.slice()
    bytes.fill(0)
    expect(secret.exportBytes()).toEqual(copy)
    expect(JSON.stringify(secret)).toBe('{}')
    expect(inspect(secret, { showHidden: true, depth: 9 })).not.toContain(
      encodeHex(copy.subarray(0, 3)),
    )
    expect(structuredClone(secret)).toEqual({})
    expect(() => new AeadKey(randomBytes(16))).toThrow(RangeError)
  })
})

const ORDER = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'

describe.each([
  ['agreement', AgreementKeyPair],
  ['signing', SigningKeyPair],
] as const)('a %s key pair', (_, KeyPair) => {
  test('comes back from its scalar', () => {
    const pair = KeyPair.generate(randomBytes)
    const again = KeyPair.fromScalar(pair.exportScalar())
    expect(again?.publicKey).toEqual(pair.publicKey)
  })

  test('is taken with a scalar of 1 and of n − 1', () => {
    const one = new Uint8Array(32)
    one[31] = 1
    const last = Buffer.from(ORDER, 'hex')
    last[31] = (last[31] ?? 0) - 1
    const [a, b] = [KeyPair.fromScalar(one), KeyPair.fromScalar(last)]
    expect(a?.publicKey.subarray(0, 33)).toEqual(b?.publicKey.subarray(0, 33))
  })

  test.each([
    ['zero', new Uint8Array(32)],
    ['the order', Buffer.from(ORDER, 'hex')],
    ['more than the order', new Uint8Array(32).fill(255)],
    ['31 bytes', new Uint8Array(31).fill(1)],
    ['33 bytes', new Uint8Array(33).fill(1)],
    ['nothing', new Uint8Array(0)],
  ])('is refused with a scalar of %s', (__, scalar) => {
    expect(KeyPair.fromScalar(scalar)).toBeNull()
  })

  test('draws again where a scalar is out of range, and gives up on a broken source', () => {
    const draws = [new Uint8Array(32).fill(255), new Uint8Array(32).fill(7)]
    const pair = KeyPair.generate(() => draws.shift() ?? new Uint8Array(32))
    expect(pair.exportScalar()).toEqual(new Uint8Array(32).fill(7))
    expect(() => KeyPair.generate(() => new Uint8Array(32))).toThrow(RangeError)
  })

  test('keeps its scalar from a log and from another thread', () => {
    const pair = KeyPair.generate(randomBytes)
    const scalar = encodeHex(pair.exportScalar())
    expect(inspect(pair, { showHidden: true, depth: 9 })).not.toContain(scalar.slice(0, 8))
    expect(JSON.stringify(pair)).not.toContain('scalar')
    expect(Object.keys(structuredClone(pair))).toEqual(['publicKey'])
  })
})

describe('random bytes', () => {
  test.each([0, 1, 12, 32, 256, 257, 5000])('come in the length asked for: %i', (length) => {
    expect(randomBytes(length)).toHaveLength(length)
  })

  test('never repeat, across refills of the pool', () => {
    const seen = new Set(Array.from({ length: 2000 }, () => encodeHex(randomBytes(12))))
    expect(seen.size).toBe(2000)
  })

  test('are the caller’s own: overwriting them changes no later ones', () => {
    const bytes = randomBytes(32)
    expect(bytes.buffer.byteLength).toBe(32)
  })
})

test('equal bytes are equal in constant time, different lengths are not', () => {
  expect(timingSafeEqual(encodeUtf8('same'), encodeUtf8('same'))).toBe(true)
  expect(timingSafeEqual(encodeUtf8('same'), encodeUtf8('some'))).toBe(false)
  expect(timingSafeEqual(encodeUtf8('same'), encodeUtf8('sames'))).toBe(false)
})

test('scrypt gives the third known answer of RFC 7914', async () => {
  const key = await scrypt(encodeUtf8('pleaseletmein'), encodeUtf8('SodiumChloride'), 64, {
    N: 16_384,
    r: 8,
    p: 1,
  })
  expect(encodeHex(key)).toBe(
    '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
      'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  )
  await expect(
    scrypt(encodeUtf8('a'), encodeUtf8('b'), 32, { N: 1000, r: 8, p: 1 }),
  ).rejects.toThrow(RangeError)
})
