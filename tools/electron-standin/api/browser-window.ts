import type { BrowserWindowConstructorOptions } from 'electron'
import { preventable } from '../events.ts'
import { requireTargets } from '../host.ts'
import { loudClass } from '../loud.ts'
import { applyNativeBounds, readNativeBounds, type WindowState } from '../native-bounds.ts'
import { screen } from './screen.ts'
import { WebContents } from './web-contents.ts'
import { WindowFrame } from './window-frame.ts'
import {
  checkWebPreferences,
  initialBounds,
  initialLimits,
  limitSize,
  type Bounds,
  type SizeLimits,
} from './window-options.ts'
import { openWindows, windowEvents } from './windows.ts'

let lastId = 0
const focus: { window: BrowserWindow | null } = { window: null }

/** `BrowserWindow`: a window whose frame is imagined where Chromium is headless, and its page real. */
export class BrowserWindow extends WindowFrame {
  static getAllWindows(): BrowserWindow[] {
    return [...openWindows] as BrowserWindow[]
  }
  static fromId(id: number): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.id === id) ?? null
  }
  static fromWebContents(contents: WebContents | undefined): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find(({ webContents }) => webContents === contents) ?? null
  }
  static getFocusedWindow(): BrowserWindow | null {
    return focus.window
  }

  readonly id = ++lastId
  readonly webContents: WebContents
  readonly #limits: SizeLimits
  #bounds: Bounds
  #normalBounds: Bounds
  #state: WindowState = 'normal'
  #isVisible: boolean
  #isDestroyed = false
  #wasReady = false

  constructor(options: BrowserWindowConstructorOptions = {}) {
    super(options.title ?? '', options.resizable !== false)
    const targets = requireTargets()
    const preferences = options.webPreferences ?? {}
    checkWebPreferences(preferences)
    this.#limits = initialLimits(options)
    this.#bounds = initialBounds(options, screen.getPrimaryDisplay().workArea)
    this.#normalBounds = this.#bounds
    this.#isVisible = options.show !== false
    this.webContents = new WebContents(
      {
        window: this,
        size: () => this.#bounds,
        close: () => this.close(),
      },
      preferences,
    )
    this.webContents.on('did-finish-load', () => this.#loaded())
    this.webContents.on('page-title-updated', (event, title: string) => {
      this.emit('page-title-updated', event, title, true)
      if (!(event as { defaultPrevented: boolean }).defaultPrevented) this.setTitle(title)
    })
    this.webContents.host.on('destroyed', () => this.destroy())
    if (targets.isVisible) {
      this.webContents.on('standin-focus', () => this.#focused())
      this.webContents.on('standin-blur', () => this.#blurred())
      this.webContents.on('standin-resize', () => void this.#readBounds())
      void this.#applyBounds()
    }
    openWindows.add(this)
    queueMicrotask(() => {
      windowEvents.emit('created', this)
      if (this.#isVisible) this.#focused()
    })
  }

  #loaded(): void {
    if (this.#wasReady) return
    this.#wasReady = true
    this.emit('ready-to-show')
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url)
  }
  loadFile(path: string): Promise<void> {
    return this.webContents.loadFile(path)
  }
  reload(): void {
    this.webContents.reload()
  }

  // Closing

  close(): void {
    if (this.#isDestroyed) return
    const event = preventable({})
    this.emit('close', event)
    if (!event.defaultPrevented) this.destroy()
  }
  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    openWindows.delete(this)
    if (focus.window === this) focus.window = null
    this.webContents.destroyed()
    this.emit('closed')
    windowEvents.emit('closed', this)
  }
  isDestroyed(): boolean {
    return this.#isDestroyed
  }

  // Showing and focus

  show(): void {
    this.showInactive()
    this.focus()
  }
  showInactive(): void {
    if (this.#isVisible) return
    this.#isVisible = true
    this.emit('show')
  }
  hide(): void {
    if (!this.#isVisible) return
    this.#isVisible = false
    this.#blurred()
    this.emit('hide')
  }
  isVisible(): boolean {
    return this.#isVisible && this.#state !== 'minimized'
  }
  focus(): void {
    if (!this.#isVisible) return
    this.webContents.focus()
    this.#focused()
  }
  blur(): void {
    this.#blurred()
  }
  isFocused(): boolean {
    return focus.window === this
  }
  moveTop(): void {
    this.focus()
  }

  #focused(): void {
    if (focus.window === this || this.#isDestroyed) return
    focus.window?.blur()
    focus.window = this
    this.emit('focus')
    windowEvents.emit('focus', this)
  }
  #blurred(): void {
    if (focus.window !== this) return
    focus.window = null
    this.emit('blur')
    windowEvents.emit('blur', this)
  }

  // States

  maximize(): void {
    this.#enter('maximized', 'maximize')
  }
  unmaximize(): void {
    if (this.#state === 'maximized') this.#leave('unmaximize')
  }
  isMaximized(): boolean {
    return this.#state === 'maximized'
  }
  minimize(): void {
    this.#enter('minimized', 'minimize')
    this.#blurred()
  }
  restore(): void {
    if (this.#state === 'minimized') this.#leave('restore')
    else this.unmaximize()
  }
  isMinimized(): boolean {
    return this.#state === 'minimized'
  }
  setFullScreen(isFullScreen: boolean): void {
    if (isFullScreen) this.#enter('fullscreen', 'enter-full-screen')
    else if (this.#state === 'fullscreen') this.#leave('leave-full-screen')
  }
  isFullScreen(): boolean {
    return this.#state === 'fullscreen'
  }
  isNormal(): boolean {
    return this.#state === 'normal'
  }

  #enter(state: Exclude<WindowState, 'normal'>, event: string): void {
    if (this.#state === state) return
    if (this.#state === 'normal') this.#normalBounds = this.#bounds
    this.#state = state
    if (state !== 'minimized') this.#resize(screen.getPrimaryDisplay().workArea)
    else void this.#applyBounds()
    this.emit(event)
  }
  #leave(event: string): void {
    this.#state = 'normal'
    this.#resize(this.#normalBounds)
    this.emit(event)
  }

  // Bounds: the frame of the imagined window has no width

  getBounds(): Bounds {
    return { ...this.#bounds }
  }
  getContentBounds(): Bounds {
    return this.getBounds()
  }
  getNormalBounds(): Bounds {
    return { ...(this.#state === 'normal' ? this.#bounds : this.#normalBounds) }
  }
  setBounds(bounds: Partial<Bounds>): void {
    this.#resize(limitSize({ ...this.#bounds, ...bounds }, this.#limits))
  }
  setContentBounds(bounds: Bounds): void {
    this.setBounds(bounds)
  }
  getSize(): number[] {
    return [this.#bounds.width, this.#bounds.height]
  }
  getContentSize(): number[] {
    return this.getSize()
  }
  setSize(width: number, height: number): void {
    this.setBounds({ width, height })
  }
  setContentSize(width: number, height: number): void {
    this.setSize(width, height)
  }
  getPosition(): number[] {
    return [this.#bounds.x, this.#bounds.y]
  }
  setPosition(x: number, y: number): void {
    this.setBounds({ x, y })
  }
  center(): void {
    const { workArea } = screen.getPrimaryDisplay()
    const { width, height } = this.#bounds
    this.setPosition(
      workArea.x + Math.round((workArea.width - width) / 2),
      workArea.y + Math.round((workArea.height - height) / 2),
    )
  }
  setMinimumSize(width: number, height: number): void {
    this.#limits.minimum = [width, height]
    this.setBounds({})
  }
  getMinimumSize(): number[] {
    return [...this.#limits.minimum]
  }
  setMaximumSize(width: number, height: number): void {
    this.#limits.maximum = [width, height]
    this.setBounds({})
  }
  getMaximumSize(): number[] {
    return [...this.#limits.maximum]
  }

  #resize(bounds: Bounds): void {
    const before = this.#bounds
    this.#bounds = { ...bounds }
    void this.#applyBounds()
    if (before.width !== bounds.width || before.height !== bounds.height) {
      this.webContents.resized()
      this.emit('resize')
      this.emit('resized')
    }
    if (before.x !== bounds.x || before.y !== bounds.y) {
      this.emit('move')
      this.emit('moved')
    }
  }

  async #applyBounds(): Promise<void> {
    await applyNativeBounds(this.webContents.host, this.#bounds, this.#state)
  }

  /** The user has resized the window. */
  async #readBounds(): Promise<void> {
    if (this.#state !== 'normal') return
    const bounds = await readNativeBounds(this.webContents.host)
    if (bounds === null) return
    const { width, height } = this.#bounds
    if (width === bounds.width && height === bounds.height) return
    this.#bounds = bounds
    this.emit('resize')
    this.emit('resized')
  }
}
loudClass('BrowserWindow', BrowserWindow)
