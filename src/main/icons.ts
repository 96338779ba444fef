import { nativeImage, type NativeImage } from 'electron'

// The small icons of the shell are drawn here, not loaded: they are simple shapes that must be sharp at every
// scale, in two colours, with and without the mark for unread messages.

type Colour = readonly [red: number, green: number, blue: number]

const INK: Colour = [0, 0, 0]
const ACCENT: Colour = [13, 103, 108]
const PAPER: Colour = [255, 255, 255]
const UNREAD: Colour = [214, 48, 49]
const TRAY_POINTS = 22
const OVERLAY_POINTS = 16
const SCALES = [1, 2] as const
/** Samples a pixel's side, for smooth edges. */
const SAMPLES = 4

interface Rounded {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly radius: number
}

const GROUND: Rounded = { left: 0.04, top: 0.04, width: 0.92, height: 0.92, radius: 0.25 }
/** A sound that fades. */
const BARS: readonly Rounded[] = [
  { left: 0.22, top: 0.25, width: 0.14, height: 0.5, radius: 0.07 },
  { left: 0.43, top: 0.34, width: 0.14, height: 0.32, radius: 0.07 },
  { left: 0.64, top: 0.42, width: 0.14, height: 0.16, radius: 0.07 },
]

/** Gives the colour at a point of the unit square, or `null` where the icon is transparent. */
type Drawing = (x: number, y: number) => Colour | null

/** The tray's icon, that of the app in small; on macOS a template that the system colours. */
export function trayIcon(options: {
  readonly unread: boolean
  readonly template: boolean
}): NativeImage {
  const [ground, bars] = options.template ? [INK, null] : [ACCENT, PAPER]
  const image = render(TRAY_POINTS, (x, y) => {
    if (options.unread && isInCircle(x, y, 0.78, 0.22, 0.2)) return options.template ? INK : UNREAD
    // A gap around the mark keeps it visible in one colour as well.
    if (options.unread && isInCircle(x, y, 0.78, 0.22, 0.28)) return null
    if (BARS.some((bar) => isInRounded(x, y, bar))) return bars
    return isInRounded(x, y, GROUND) ? ground : null
  })
  if (options.template) image.setTemplateImage(true)
  return image
}

/** The mark on the taskbar's icon (Windows) for unread messages. */
export function unreadOverlay(): NativeImage {
  return render(OVERLAY_POINTS, (x, y) => (isInCircle(x, y, 0.5, 0.5, 0.42) ? UNREAD : null))
}

function isInCircle(
  x: number,
  y: number,
  centreX: number,
  centreY: number,
  radius: number,
): boolean {
  return Math.hypot(x - centreX, y - centreY) <= radius
}

function isInRounded(x: number, y: number, { left, top, width, height, radius }: Rounded): boolean {
  const nearestX = clamp(x, left + radius, left + width - radius)
  const nearestY = clamp(y, top + radius, top + height - radius)
  return isInCircle(x, y, nearestX, nearestY, radius)
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}

function render(points: number, drawing: Drawing): NativeImage {
  const image = nativeImage.createEmpty()
  for (const scaleFactor of SCALES) {
    const side = points * scaleFactor
    const buffer = bitmap(side, drawing)
    image.addRepresentation({ scaleFactor, width: side, height: side, buffer })
  }
  return image
}

/** Draws into premultiplied BGRA pixels, the form that Electron takes. */
export function bitmap(side: number, drawing: Drawing): Buffer {
  const pixels = Buffer.alloc(side * side * 4)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let [red, green, blue, covered] = [0, 0, 0, 0]
      for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
        const x = (column + ((sample % SAMPLES) + 0.5) / SAMPLES) / side
        const y = (row + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / side
        const colour = drawing(x, y)
        if (colour === null) continue
        red += colour[0]
        green += colour[1]
        blue += colour[2]
        covered += 255
      }
      const scale = 1 / (SAMPLES * SAMPLES)
      pixels.set(
        [blue, green, red, covered].map((sum) => Math.round(sum * scale)),
        (row * side + column) * 4,
      )
    }
  }
  return pixels
}
