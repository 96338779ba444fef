import { describe, expect, test } from 'vitest'
import { kem } from '#crypto/kem.ts'
import {
  generateKemPrekeys,
  generateOneTimePrekeys,
  generateSignedPrekey,
  verifyKemPrekey,
  verifySignedPrekey,
} from '#crypto/prekeys.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { first, flipBit } from '#test/helpers/crypto-device.ts'

const signer = SigningKeyPair.generate(randomBytes)
const stranger = SigningKeyPair.generate(randomBytes)

describe('a signed prekey', () => {
  const { pair, published } = generateSignedPrekey(signer, 1, 5, randomBytes)

  test('is published with its id and the signature of its account', () => {
    expect(published).toMatchObject({ id: 5, publicKey: pair.publicKey })
    expect(verifySignedPrekey(signer.publicKey, 1, published)).toBe(true)
  })

  test('holds for its account, device, id and key alone', () => {
    const other = generateSignedPrekey(signer, 1, 5, randomBytes).published
    const { publicKey } = other
    expect(verifySignedPrekey(stranger.publicKey, 1, published)).toBe(false)
    expect(verifySignedPrekey(signer.publicKey, 2, published)).toBe(false)
    expect(verifySignedPrekey(signer.publicKey, 1, { ...published, id: 6 })).toBe(false)
    expect(verifySignedPrekey(signer.publicKey, 1, { ...published, publicKey })).toBe(false)
  })
})

describe('KEM prekeys', () => {
  const batch = generateKemPrekeys(signer, 1, 10, 3, randomBytes)

  test('come in a batch with consecutive ids, each from a seed of its own', () => {
    expect(batch.map(({ published }) => published.id)).toEqual([10, 11, 12])
    expect(new Set(batch.map(({ seed }) => Buffer.from(seed).toString('hex'))).size).toBe(3)
    for (const { seed, published } of batch) {
      expect(kem.keyPair(seed).publicKey).toEqual(published.publicKey)
      expect(verifyKemPrekey(signer.publicKey, 1, published)).toBe(true)
    }
  })

  test('hold for their account, device, id and key alone', () => {
    const { published } = first(batch)
    const publicKey = flipBit(published.publicKey, 900)
    expect(verifyKemPrekey(stranger.publicKey, 1, published)).toBe(false)
    expect(verifyKemPrekey(signer.publicKey, 2, published)).toBe(false)
    expect(verifyKemPrekey(signer.publicKey, 1, { ...published, id: 11 })).toBe(false)
    expect(verifyKemPrekey(signer.publicKey, 1, { ...published, publicKey })).toBe(false)
  })
})

test('one-time prekeys come in a batch with consecutive ids, all different', () => {
  const batch = generateOneTimePrekeys(20, 4, randomBytes)
  expect(batch.map(({ published }) => published.id)).toEqual([20, 21, 22, 23])
  for (const { pair, published } of batch) expect(published.publicKey).toEqual(pair.publicKey)
  const keys = batch.map(({ published }) => Buffer.from(published.publicKey).toString('hex'))
  expect(new Set(keys).size).toBe(4)
})
