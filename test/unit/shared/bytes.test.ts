import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  decodeBase64Url,
  decodeHex,
  decodeUtf8,
  encodeBase64Url,
  encodeHex,
  encodeUtf8,
  equalPublicBytes,
} from '#shared/bytes.ts'

const bytes = fc.uint8Array({ maxLength: 100 })

describe('bytes', () => {
  test('hexadecimal and base64url decode to what was encoded', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(decodeHex(encodeHex(value))).toEqual(value)
        expect(decodeBase64Url(encodeBase64Url(value))).toEqual(value)
        expect(encodeBase64Url(value)).toBe(Buffer.from(value).toString('base64url'))
      }),
    )
  })

  test('equal bytes have exactly one base64url text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const decoded = decodeBase64Url(text)
        if (decoded !== null) expect(encodeBase64Url(decoded)).toBe(text)
      }),
    )
  })

  test.each(['A', 'AA==', 'A A', 'AB+', 'AB/', 'AB', 'é'])('refuses %j as base64url', (text) => {
    expect(decodeBase64Url(text)).toBeNull()
  })

  test.each(['a', 'AB', 'zz', '0x'])('refuses %j as hexadecimal', (text) => {
    expect(decodeHex(text)).toBeNull()
  })

  test('decodes UTF-8 strictly', () => {
    expect(decodeUtf8(encodeUtf8('grüß dich 😀'))).toBe('grüß dich 😀')
    expect(decodeUtf8(Uint8Array.of(0xc3, 0x28))).toBeNull()
  })

  test('joins and compares', () => {
    const joined = concatBytes(Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3))
    expect(equalPublicBytes(joined, Uint8Array.of(1, 2, 3))).toBe(true)
    expect(equalPublicBytes(joined, Uint8Array.of(1, 2, 4))).toBe(false)
    expect(equalPublicBytes(joined, Uint8Array.of(1, 2))).toBe(false)
  })
})
