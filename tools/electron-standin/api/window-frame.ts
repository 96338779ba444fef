import { EventEmitter } from 'node:events'

/** What the frame of a native window would show: kept, but shown nowhere. */
export class WindowFrame extends EventEmitter {
  #title: string
  #isResizable: boolean
  #isContentProtected = false
  #isAlwaysOnTop = false
  #isMenuBarVisible = true

  constructor(title: string, isResizable: boolean) {
    super()
    this.#title = title
    this.#isResizable = isResizable
  }

  setTitle(title: string): void {
    this.#title = title
  }
  getTitle(): string {
    return this.#title
  }
  get title(): string {
    return this.#title
  }
  set title(title: string) {
    this.#title = title
  }
  setContentProtection(enable: boolean): void {
    this.#isContentProtected = enable
  }
  isContentProtected(): boolean {
    return this.#isContentProtected
  }
  setAlwaysOnTop(flag: boolean): void {
    this.#isAlwaysOnTop = flag
  }
  isAlwaysOnTop(): boolean {
    return this.#isAlwaysOnTop
  }
  setMenuBarVisibility(isVisible: boolean): void {
    this.#isMenuBarVisible = isVisible
  }
  isMenuBarVisible(): boolean {
    return this.#isMenuBarVisible
  }
  setAutoHideMenuBar(_hide: boolean): void {
    // There is no menu bar to hide.
  }
  setMenu(_menu: object | null): void {
    // There is no menu bar.
  }
  removeMenu(): void {
    // There is no menu bar.
  }
  setBackgroundColor(_color: string): void {
    // Only seen before the page's first paint.
  }
  setIcon(_icon: unknown): void {
    // There is no frame to show it.
  }
  flashFrame(_flash: boolean): void {
    // There is no frame to flash.
  }
  setProgressBar(_progress: number): void {
    // There is no task bar.
  }
  setOverlayIcon(_icon: unknown, _description: string): void {
    // There is no task bar.
  }
  setSkipTaskbar(_skip: boolean): void {
    // There is no task bar.
  }
  setResizable(isResizable: boolean): void {
    this.#isResizable = isResizable
  }
  isResizable(): boolean {
    return this.#isResizable
  }
}
