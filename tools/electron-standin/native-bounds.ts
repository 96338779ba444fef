// Places the real windows of a visible Chromium; a headless one has none.
import type { Bounds } from './api/window-options.ts'
import { requireTargets } from './host.ts'
import type { PageHost } from './page-host.ts'

/** Names of Electron and Chromium alike. */
export type WindowState = 'normal' | 'minimized' | 'maximized' | 'fullscreen'

export async function applyNativeBounds(
  page: PageHost,
  { x, y, width, height }: Bounds,
  state: WindowState,
): Promise<void> {
  const windowId = await nativeWindow(page)
  if (windowId === undefined) return
  const { root } = requireTargets()
  const bounds = state === 'normal' ? { left: x, top: y, width, height } : { windowState: state }
  // Bounds are only taken by a window in its normal state.
  await root.send('Browser.setWindowBounds', { windowId, bounds: { windowState: 'normal' } })
  await root.send('Browser.setWindowBounds', { windowId, bounds })
}

/** @returns `null` where there is no window. */
export async function readNativeBounds(page: PageHost): Promise<Bounds | null> {
  const windowId = await nativeWindow(page)
  if (windowId === undefined) return null
  const { bounds } = await requireTargets().root.send('Browser.getWindowBounds', { windowId })
  const { left: x, top: y, width, height } = bounds
  if (x === undefined || y === undefined || width === undefined || height === undefined) return null
  return { x, y, width, height }
}

async function nativeWindow(page: PageHost): Promise<number | undefined> {
  const targets = requireTargets()
  if (!targets.isVisible) return undefined
  try {
    await page.session()
    const { windowId } = await targets.root.send('Browser.getWindowForTarget', {
      targetId: page.targetId,
    })
    return windowId
  } catch {
    return undefined // It has been closed meanwhile.
  }
}
