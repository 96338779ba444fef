/** More only costs time: a code that fills a tenth of this is still read. */
const MAX_SIDE_PIXELS = 1_024

/** The pixels of an image or of a video's frame, made smaller where it is large; `null` before there is one. */
export function pixelsOf(
  source: CanvasImageSource,
  width: number,
  height: number,
): ImageData | null {
  if (width === 0 || height === 0) return null
  const scale = Math.min(1, MAX_SIDE_PIXELS / Math.max(width, height))
  const canvas = new OffscreenCanvas(Math.ceil(width * scale), Math.ceil(height * scale))
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (context === null) return null
  context.drawImage(source, 0, 0, canvas.width, canvas.height)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}
