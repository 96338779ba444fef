import * as v from 'valibot'

export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const MIN_WINDOW_WIDTH = 400
export const MIN_WINDOW_HEIGHT = 480
const DEFAULT_WIDTH = 1_180
const DEFAULT_HEIGHT = 780
/** How much of a window must be on a display, so that its title can be reached. */
const MIN_VISIBLE_PX = 120

const wholeNumber = v.pipe(v.number(), v.safeInteger())

/** How a window was left. */
export const WindowState = v.strictObject({
  bounds: v.strictObject({
    x: wholeNumber,
    y: wholeNumber,
    width: wholeNumber,
    height: wholeNumber,
  }),
  maximised: v.boolean(),
  zoomFactor: v.pipe(v.number(), v.minValue(0.5), v.maxValue(3)),
})
export type WindowState = v.InferOutput<typeof WindowState>

/** How a window opens: `x` and `y` are absent where the system shall place it. */
export interface WindowPlacement {
  readonly bounds: { readonly width: number; readonly height: number } & Partial<Rectangle>
  readonly maximised: boolean
  readonly zoomFactor: number
}

/**
 * Where to open a window: as it was left, as long as it fits the displays that are there now. A window on a
 * display that is gone is placed by the system, a window larger than its display shrinks.
 * @param workAreas - of all displays, the primary one first.
 */
export function placeWindow(
  left: WindowState | null,
  workAreas: readonly Rectangle[],
): WindowPlacement {
  const primary = workAreas[0]
  if (left === null) {
    const bounds = fitSize({ width: DEFAULT_WIDTH, height: DEFAULT_HEIGHT }, primary)
    return { bounds, maximised: false, zoomFactor: 1 }
  }
  const { maximised, zoomFactor } = left
  const home = workAreas.find((area) => isReachable(left.bounds, area))
  const size = fitSize(left.bounds, home ?? primary)
  const bounds = home === undefined ? size : { x: left.bounds.x, y: left.bounds.y, ...size }
  return { bounds, maximised, zoomFactor }
}

function fitSize(
  size: { readonly width: number; readonly height: number },
  area: Rectangle | undefined,
) {
  return {
    width: Math.max(MIN_WINDOW_WIDTH, Math.min(size.width, area?.width ?? size.width)),
    height: Math.max(MIN_WINDOW_HEIGHT, Math.min(size.height, area?.height ?? size.height)),
  }
}

/** Whether the upper edge of a window, with its title, can be seen and grabbed on this display. */
function isReachable(bounds: Rectangle, area: Rectangle): boolean {
  const width = Math.min(bounds.x + bounds.width, area.x + area.width) - Math.max(bounds.x, area.x)
  const isTopInside = bounds.y >= area.y && bounds.y <= area.y + area.height - MIN_VISIBLE_PX
  return width >= MIN_VISIBLE_PX && isTopInside
}
