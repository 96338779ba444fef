import { expect, test } from 'vitest'
import { generateDeliveryToken, tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes, sha256 } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'

test('a delivery token has 32 random bytes', () => {
  const token = generateDeliveryToken(randomBytes)
  expect(token).toHaveLength(32)
  expect(token).not.toEqual(generateDeliveryToken(randomBytes))
})

test('what a relay keeps of it is a labelled hash', () => {
  const token = new Uint8Array(32)
  expect(encodeHex(tokenHash(token))).toBe(
    '640de10de383591cc77d8ac7e510ea76d3e56e48e70b68d799d0078862f17376',
  )
  expect(tokenHash(token)).not.toEqual(sha256(token))
  expect(() => tokenHash(new Uint8Array(31))).toThrow(RangeError)
})
