/**
 * Sizes of a padded message (PROTOCOL §7): powers of two and the sizes half-way between them, so that padding costs at
 * most half of the text's length and a size tells little. The last one keeps every envelope within
 * `MAX_ENVELOPE_BYTES`, its handshake included.
 */
export const PADDING_BUCKETS: readonly number[] = [
  256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384, 24_576, 32_768,
  49_152, 63_488,
]

/** The longest plaintext of one message: the largest bucket less the end marker. */
export const MAX_PLAINTEXT_BYTES = 63_487

const END_MARKER = 0x80

/**
 * Length of a plaintext after padding.
 * @throws RangeError above `MAX_PLAINTEXT_BYTES`.
 */
export function paddedLength(plaintextBytes: number): number {
  const bucket = PADDING_BUCKETS.find((size) => size > plaintextBytes)
  if (bucket === undefined) throw new RangeError('the plaintext is longer than MAX_PLAINTEXT_BYTES')
  return bucket
}

/**
 * Writes a padded plaintext: plaintext ‖ 80 ‖ zeros (ISO/IEC 7816-4).
 * @param target - zeros, of {@link paddedLength} bytes.
 */
export function padInto(target: Uint8Array, plaintext: Uint8Array): void {
  target.set(plaintext)
  target[plaintext.length] = END_MARKER
}

/**
 * Takes the padding off.
 * @returns A view into `padded`; `null` unless it is exactly what {@link padInto} makes.
 */
export function unpad<Buffer extends ArrayBufferLike>(
  padded: Uint8Array<Buffer>,
): Uint8Array<Buffer> | null {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end--
  if (padded[end] !== END_MARKER) return null
  const smallestFitting = PADDING_BUCKETS.find((size) => size > end)
  return padded.length === smallestFitting ? padded.subarray(0, end) : null
}
