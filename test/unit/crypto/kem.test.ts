import { describe, expect, test } from 'vitest'
import { generateKemSeed, importKemSeed, kem, portableKem } from '#crypto/kem.ts'
import { nativeKem } from '#crypto/kem-engine.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'

test('the runtime under test has ML-KEM of its own, so that both implementations are tested', () => {
  expect(nativeKem?.name).toBe('native')
  expect(kem).toBe(nativeKem)
})

const engines = [portableKem, ...(nativeKem === null ? [] : [nativeKem])]

describe.each(engines)('ML-KEM-768, $name', (engine) => {
  const seed = generateKemSeed(randomBytes)
  const pair = engine.keyPair(seed)

  test.each(engines)('agrees with the $name one in either direction', (peer) => {
    expect(peer.keyPair(seed).publicKey).toEqual(new Uint8Array(pair.publicKey))
    const sent = engine.encapsulate(pair.publicKey, randomBytes)
    if (sent === null) throw new Error('a valid key was refused')
    expect(sent.ciphertext).toHaveLength(1088)
    expect(sent.sharedSecret).toHaveLength(32)
    const received = peer.keyPair(seed).decapsulate(sent.ciphertext)
    expect(Buffer.from(received)).toEqual(Buffer.from(sent.sharedSecret))
  })

  test('rejects a changed ciphertext implicitly: another secret, the same one each time', () => {
    const sent = engine.encapsulate(pair.publicKey, randomBytes)
    if (sent === null) throw new Error('a valid key was refused')
    const changed = flipBit(sent.ciphertext, 5)
    const secret = pair.decapsulate(changed)
    expect(Buffer.from(secret)).not.toEqual(Buffer.from(sent.sharedSecret))
    expect(Buffer.from(portableKem.keyPair(seed).decapsulate(changed))).toEqual(Buffer.from(secret))
  })

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a byte less', pair.publicKey.subarray(1)],
    ['a byte more', new Uint8Array(1185)],
    ['coefficients not below q (FIPS 203 §7.2)', new Uint8Array(1184).fill(255)],
  ])('refuses a public key that is none: %s', (_, publicKey) => {
    expect(engine.encapsulate(publicKey, randomBytes)).toBeNull()
  })
})

test('a stored seed has 64 bytes', () => {
  expect(importKemSeed(randomBytes(64))).toHaveLength(64)
  expect(importKemSeed(randomBytes(63))).toBeNull()
})
