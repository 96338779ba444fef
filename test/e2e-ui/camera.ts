import { writeFileSync } from 'node:fs'
import { encodeQR } from 'qr'

const WIDTH = 640
const HEIGHT = 480
const MODULE_PIXELS = 5
const FRAMES = 10
const LIGHT = 235
const DARK = 16

/**
 * Writes a film (Y4M, which Chromium's false camera plays) in which somebody holds a QR code into the picture.
 * @param path - of the file; must end with `.y4m`.
 */
export function filmQrCode(path: string, text: string): void {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4 })
  const left = Math.floor((WIDTH - rows.length * MODULE_PIXELS) / 2)
  const top = Math.floor((HEIGHT - rows.length * MODULE_PIXELS) / 2)
  const luma = Buffer.alloc(WIDTH * HEIGHT, 120)
  for (const [y, row] of rows.entries()) {
    for (const [x, dark] of row.entries()) {
      for (let line = 0; line < MODULE_PIXELS; line++) {
        const start = (top + y * MODULE_PIXELS + line) * WIDTH + left + x * MODULE_PIXELS
        luma.fill(dark ? DARK : LIGHT, start, start + MODULE_PIXELS)
      }
    }
  }
  const grey = Buffer.alloc((WIDTH * HEIGHT) / 2, 128)
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, grey])
  const header = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420\n`)
  writeFileSync(path, Buffer.concat([header, ...Array.from({ length: FRAMES }, () => frame)]))
}
