import { POINT_BYTES } from '#protocol/envelope.ts'
import type { Brand } from '#shared/brand.ts'

/** A P-256 point other than infinity, `04 ‖ X(32) ‖ Y(32)`, checked to be on the curve; of either use, or of none yet. */
export type Point = Brand<Uint8Array<ArrayBuffer>, 'AgreementPublicKey' | 'SigningPublicKey'>

const UNCOMPRESSED = 0x04

/** Field prime and curve coefficient b of P-256 (NIST SP 800-186 §3.2.1.3); a is −3. */
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

/**
 * Checks a public key completely (NIST SP 800-56A §5.6.2.3.4; P-256 has cofactor 1, so that a point on the curve is in
 * the group). We don't leave this to the runtime: OpenSSL takes hybrid encodings, and Electron once shipped a key check
 * that said yes to everything. Only public values are computed with, so that BigInt's timing tells nothing.
 * @param bytes - copied.
 * @returns `null` for any other length or encoding (compressed 02/03, hybrid 06/07, infinity), coordinates not below
 * the field prime, and points off the curve.
 */
export function decodePoint(bytes: Uint8Array): Point | null {
  if (bytes.length !== POINT_BYTES || bytes[0] !== UNCOMPRESSED) return null
  const copy = new Uint8Array(bytes)
  const view = new DataView(copy.buffer)
  const x = readUint256(view, 1)
  const y = readUint256(view, 33)
  if (x >= P || y >= P) return null
  return (y * y - (x * x * x - 3n * x + B)) % P === 0n ? (copy as Point) : null
}

function readUint256(view: DataView, offset: number): bigint {
  return (
    (view.getBigUint64(offset) << 192n) |
    (view.getBigUint64(offset + 8) << 128n) |
    (view.getBigUint64(offset + 16) << 64n) |
    view.getBigUint64(offset + 24)
  )
}
