import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeSecrets, ENCODED_SECRETS_BYTES, encodeSecrets } from '#keychain/secrets-codec.ts'

const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const secrets = fc.record({ signingKey: secret, agreementKey: secret, databaseKey: secret })

describe('the encoded secrets of a profile', () => {
  test('decode to what was encoded', () => {
    fc.assert(
      fc.property(secrets, (all) => {
        const encoded = encodeSecrets(all)
        expect(encoded).toHaveLength(ENCODED_SECRETS_BYTES)
        expect(decodeSecrets(encoded)).toEqual(all)
      }),
    )
  })

  test('are refused with any bit changed', () => {
    fc.assert(
      fc.property(secrets, fc.nat(ENCODED_SECRETS_BYTES * 8 - 1), (all, bit) => {
        const encoded = encodeSecrets(all)
        encoded[bit >> 3] = (encoded[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(decodeSecrets(encoded)).toBeNull()
      }),
    )
  })

  test('are refused at any other length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(decodeSecrets(bytes)).toBeNull()
      }),
    )
  })

  test('take secrets of 32 bytes only', () => {
    const good = new Uint8Array(32)
    expect(() =>
      encodeSecrets({ signingKey: good, agreementKey: new Uint8Array(31), databaseKey: good }),
    ).toThrow(RangeError)
  })
})
