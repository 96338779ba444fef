import { decodeQR } from 'qr/decode.js'

/** The text of a QR code in a picture; `null` where none can be read. */
export function readQrCode(picture: ImageData): string | null {
  try {
    return decodeQR(picture)
  } catch {
    return null // The reader throws for a picture without a code.
  }
}
