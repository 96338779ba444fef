import { nativeTheme, screen, type BrowserWindow, type NativeImage } from 'electron'
import type { Log } from '#core/ports.ts'
import type { EventTarget } from '../ipc/publish-event.ts'
import type { ShellStateStore } from '../shell-state.ts'
import type { ShellTexts } from '../texts/shell-texts.ts'
import { createWindow } from './create-window.ts'
import { placeWindow } from './window-state.ts'

const ZOOM_STEPS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3] as const
const RELOAD_WINDOW_MS = 60_000
const MAX_RELOADS = 3

interface MainWindowOptions {
  readonly state: ShellStateStore
  readonly log: Log
  readonly title: string
  readonly openOutside: (url: string) => void
  readonly texts: () => ShellTexts
  readonly protectedFromCapture: () => boolean
  /** Whether closing the window leaves the app in the tray. */
  readonly hidesOnClose: () => boolean
  readonly onFocus: () => void
  readonly onClosed: () => void
}

/** The window of a profile: opened, closed and opened again, always as it was left. */
export class MainWindow {
  readonly #options: MainWindowOptions
  #window: BrowserWindow | null = null
  #openConversation: number | null = null
  #isScreenLocked = false
  #overlay: { readonly icon: NativeImage | null; readonly description: string } | null = null
  #isQuitting = false
  #crashTimes: number[] = []

  constructor(options: MainWindowOptions) {
    this.#options = options
  }

  /** Opens the window, or brings it to the front. */
  show(): void {
    const window = this.#window
    if (window === null) {
      this.#open()
      return
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }

  /** Shows the window where it is not the one in front, and hides it where it is: a click on the tray's icon. */
  toggle(): void {
    if (this.#window?.isVisible() && this.#window.isFocused()) this.#window.hide()
    else this.show()
  }

  close(): void {
    this.#window?.close()
  }

  /** From now on closing means closing. */
  prepareToQuit(): void {
    this.#isQuitting = true
    if (this.#window !== null) this.#rememberState(this.#window)
  }

  /** Where events go. */
  targets(): readonly EventTarget[] {
    return this.#window === null ? [] : [this.#window.webContents]
  }

  isOurs(webContentsId: number): boolean {
    return this.#window?.webContents.id === webContentsId
  }

  setOpenConversation(conversationId: number | null): void {
    this.#openConversation = conversationId
  }

  /** A window keeps the focus behind a locked screen, where nobody looks at it. */
  setScreenLocked(locked: boolean): void {
    this.#isScreenLocked = locked
  }

  isScreenLocked(): boolean {
    return this.#isScreenLocked
  }

  /** The conversation that the user is looking at: open in a window that has the focus. */
  watchedConversation(): number | null {
    return this.#window?.isFocused() && !this.#isScreenLocked ? this.#openConversation : null
  }

  setProtectedFromCapture(isProtected: boolean): void {
    this.#window?.setContentProtection(isProtected)
  }

  /** Windows: the mark on the taskbar's icon, also of a window that opens later. */
  setOverlay(icon: NativeImage | null, description: string): void {
    this.#overlay = { icon, description }
    this.#window?.setOverlayIcon(icon, description)
  }

  /** One step larger (1) or smaller (-1), or back to 100 % (0). */
  zoom(direction: -1 | 0 | 1): void {
    const window = this.#window
    if (window === null) return
    window.webContents.setZoomFactor(nextZoom(window.webContents.getZoomFactor(), direction))
    this.#rememberState(window)
  }

  #open(): void {
    const { state, title, openOutside, protectedFromCapture, texts } = this.#options
    const displays = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()]
    const window = createWindow({
      placement: placeWindow(
        state.get().window,
        displays.map((display) => display.workArea),
      ),
      title,
      dark: nativeTheme.shouldUseDarkColors,
      protectedFromCapture: protectedFromCapture(),
      openOutside,
      texts,
    })
    this.#window = window
    this.#openConversation = null
    window.once('ready-to-show', () => {
      window.show()
      const overlay = this.#overlay
      if (overlay !== null) window.setOverlayIcon(overlay.icon, overlay.description)
    })
    // The page's title would otherwise name the app twice.
    window.on('page-title-updated', (event) => event.preventDefault())
    for (const change of ['resize', 'move'] as const) {
      window.on(change as 'resize', () => this.#rememberState(window))
    }
    window.on('focus', () => this.#options.onFocus())
    window.on('close', (event) => {
      this.#rememberState(window)
      if (this.#isQuitting || !this.#options.hidesOnClose()) return
      event.preventDefault()
      window.hide()
    })
    window.on('closed', () => {
      this.#window = null
      this.#options.onClosed()
    })
    this.#healCrashes(window)
  }

  #rememberState(window: BrowserWindow): void {
    this.#options.state.update({
      window: {
        bounds: window.getNormalBounds(),
        maximised: window.isMaximized(),
        zoomFactor: window.webContents.getZoomFactor(),
      },
    })
  }

  /** A page that crashed is loaded again: all that matters is in the store. One that keeps crashing is left. */
  #healCrashes(window: BrowserWindow): void {
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      this.#options.log.warn('page-gone', { reason, exitCode })
      if (reason === 'clean-exit' || window.isDestroyed()) return
      const now = Date.now()
      this.#crashTimes = [...this.#crashTimes.filter((time) => now - time < RELOAD_WINDOW_MS), now]
      if (this.#crashTimes.length <= MAX_RELOADS) window.webContents.reload()
    })
    window.on('unresponsive', () => this.#options.log.warn('page-unresponsive'))
  }
}

/** The step of the zoom scale after or before a factor. */
export function nextZoom(factor: number, direction: -1 | 0 | 1): number {
  if (direction === 0) return 1
  const tolerance = 0.01
  const next =
    direction === 1
      ? ZOOM_STEPS.find((step) => step > factor + tolerance)
      : ZOOM_STEPS.findLast((step) => step < factor - tolerance)
  return next ?? factor
}
