import { join } from 'node:path'
import { app, BrowserWindow, type BrowserWindowConstructorOptions } from 'electron'
import { START_URL } from '../security/app-scheme.ts'
import { guardNavigation } from '../security/navigation.ts'
import type { ShellTexts } from '../texts/shell-texts.ts'
import { offerTextMenu } from './text-menu.ts'
import { MIN_WINDOW_HEIGHT, MIN_WINDOW_WIDTH, type WindowPlacement } from './window-state.ts'

/** The preload script beside the main bundle: CommonJS, since a sandboxed preload cannot be a module. */
const PRELOAD_PATH = join(import.meta.dirname, '../preload/index.cjs')

export interface WindowOptions {
  readonly placement: WindowPlacement
  readonly title: string
  readonly dark: boolean
  readonly protectedFromCapture: boolean
  readonly openOutside: (url: string) => void
  /** As they are when they are shown. */
  readonly texts: () => ShellTexts
}

/** The options of every window: an isolated, sandboxed page without Node. */
export function windowOptions(options: WindowOptions): BrowserWindowConstructorOptions {
  return {
    ...options.placement.bounds,
    minWidth: MIN_WINDOW_WIDTH,
    minHeight: MIN_WINDOW_HEIGHT,
    title: options.title,
    // Shown once the page has painted; until then the window has the page's own background.
    show: false,
    backgroundColor: options.dark ? '#1b1a18' : '#f8f6f2',
    autoHideMenuBar: true,
    webPreferences: {
      preload: PRELOAD_PATH,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      disableDialogs: true,
      spellcheck: false,
      devTools: !app.isPackaged,
      zoomFactor: options.placement.zoomFactor,
    },
  }
}

/** Makes a window and starts loading the page. The only place that makes windows. */
export function createWindow(options: WindowOptions): BrowserWindow {
  const window = new BrowserWindow(windowOptions(options))
  guardNavigation(window.webContents, options.openOutside)
  offerTextMenu(window, options.texts)
  if (options.protectedFromCapture) window.setContentProtection(true)
  if (options.placement.maximised) window.maximize()
  void window.loadURL(START_URL)
  return window
}
