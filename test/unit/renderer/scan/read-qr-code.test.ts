import { encodeQR } from 'qr'
import { expect, test } from 'vitest'
import { readQrCode } from '../../../../src/renderer/scan/read-qr-code.ts'

const LINK = `sotto://add?v=1&a=ada%40relay.example.org%3A8443&f=${'A'.repeat(43)}&t=${'B'.repeat(43)}`
const MODULE_PIXELS = 4

/** A picture of a text's code, as a camera would give it. */
function picture(text: string): ImageData {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4 })
  const side = rows.length * MODULE_PIXELS
  const data = new Uint8ClampedArray(side * side * 4).fill(255)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const dark = rows[Math.floor(y / MODULE_PIXELS)]?.[Math.floor(x / MODULE_PIXELS)] ?? false
      if (dark) data.fill(0, (y * side + x) * 4, (y * side + x) * 4 + 3)
    }
  }
  return { data, width: side, height: side, colorSpace: 'srgb' }
}

test('the longest kind of invite link is read back from a picture of its code', () => {
  expect(readQrCode(picture(LINK))).toBe(LINK)
})

test('a picture without a code has no text', () => {
  const data = new Uint8ClampedArray(64 * 64 * 4).fill(200)
  expect(readQrCode({ data, width: 64, height: 64, colorSpace: 'srgb' })).toBeNull()
})
