import { expect, test } from 'vitest'
import { AeadKey, randomBytes } from '#crypto/primitives.ts'
import { BOX_OVERHEAD_BYTES, openBox, sealBox } from '#crypto/secret-box.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { flipBit } from '#test/helpers/crypto-device.ts'

const key = new AeadKey(randomBytes(32))
const label = encodeUtf8('vault v1')
const text = encodeUtf8('data at rest')
const box = sealBox(key, text, label, randomBytes)

test('a box opens with its key and label alone', () => {
  expect(box).toHaveLength(text.length + BOX_OVERHEAD_BYTES)
  expect(openBox(key, box, label)).toEqual(text)
  expect(openBox(new AeadKey(randomBytes(32)), box, label)).toBeNull()
  expect(openBox(key, box, encodeUtf8('vault v2'))).toBeNull()
})

test('a box with any bit changed, or cut anywhere, does not open', () => {
  for (let bit = 0; bit < box.length * 8; bit++) {
    expect(openBox(key, flipBit(box, bit), label)).toBeNull()
  }
  for (let length = 0; length < box.length; length++) {
    expect(openBox(key, box.subarray(0, length), label)).toBeNull()
  }
})

test('the same text never gives the same box', () => {
  expect(sealBox(key, text, label, randomBytes)).not.toEqual(box)
})
