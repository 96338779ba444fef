import type { BrowserWindowConstructorOptions, WebPreferences } from 'electron'

/** Preferences that give a page more than the stand-in can imitate, and than an app should give it. */
const UNSAFE = {
  nodeIntegration: true,
  nodeIntegrationInWorker: true,
  nodeIntegrationInSubFrames: true,
  contextIsolation: false,
  sandbox: false,
  webSecurity: false,
  allowRunningInsecureContent: true,
  experimentalFeatures: true,
  webviewTag: true,
  plugins: true,
  offscreen: true,
  javascript: false,
} as const satisfies WebPreferences

/** Preferences that change nothing where a headless Chromium runs the page. */
const WITHOUT_EFFECT = new Set([
  'preload',
  'session',
  'partition',
  'zoomFactor',
  'spellcheck',
  'devTools',
  'backgroundThrottling',
  'autoplayPolicy',
  'navigateOnDragDrop',
  'safeDialogs',
  'disableDialogs',
  'images',
  'textAreasAreResizable',
  'webgl',
  'enableWebSQL',
  'defaultEncoding',
  'defaultFontSize',
  'minimumFontSize',
  'disableBlinkFeatures',
  'accessibleTitle',
  'scrollBounce',
])

/** @throws Error for an unsafe preference, and for one the stand-in does not know. */
export function checkWebPreferences(preferences: WebPreferences): void {
  for (const [name, value] of Object.entries(preferences)) {
    if (name in UNSAFE) {
      if (value === UNSAFE[name as keyof typeof UNSAFE]) {
        throw new Error(`stand-in: webPreferences.${name} = ${String(value)} is refused`)
      }
    } else if (!WITHOUT_EFFECT.has(name)) {
      throw new Error(`stand-in: webPreferences.${name} is not supported`)
    }
  }
}

/** A window's place and size in pixels. */
export interface Bounds {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Least and greatest width and height; 0 for none. */
export interface SizeLimits {
  minimum: readonly [width: number, height: number]
  maximum: readonly [width: number, height: number]
}

const DEFAULT_SIZE = { width: 800, height: 600 }

export function initialLimits(options: BrowserWindowConstructorOptions): SizeLimits {
  return {
    minimum: [options.minWidth ?? 0, options.minHeight ?? 0],
    maximum: [options.maxWidth ?? 0, options.maxHeight ?? 0],
  }
}

export function initialBounds(options: BrowserWindowConstructorOptions, area: Bounds): Bounds {
  const { width, height } = limitSize(
    { ...DEFAULT_SIZE, ...sizeOf(options) },
    initialLimits(options),
  )
  return {
    x: options.x ?? area.x + Math.round((area.width - width) / 2),
    y: options.y ?? area.y + Math.round((area.height - height) / 2),
    width,
    height,
  }
}

function sizeOf({ width, height }: BrowserWindowConstructorOptions): Partial<typeof DEFAULT_SIZE> {
  return {
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
  }
}

/** The size nearest to the wanted one that the limits allow. */
export function limitSize<T extends { readonly width: number; readonly height: number }>(
  wanted: T,
  { minimum, maximum }: SizeLimits,
): T {
  const limit = (value: number, least: number, most: number): number =>
    Math.max(least, most > 0 ? Math.min(most, value) : value)
  return {
    ...wanted,
    width: limit(wanted.width, minimum[0], maximum[0]),
    height: limit(wanted.height, minimum[1], maximum[1]),
  }
}
