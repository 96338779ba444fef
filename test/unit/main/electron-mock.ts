import { EventEmitter } from 'node:events'
import { vi } from 'vitest'

/** What the tests of the shell need of `electron`: recorded calls, and events that tests emit. */
export function electronMock() {
  class FakeWindow extends EventEmitter {
    static readonly made: FakeWindow[] = []
    readonly webContents = Object.assign(new EventEmitter(), {
      id: FakeWindow.made.length + 1,
      zoomFactor: 1,
      getZoomFactor: () => this.webContents.zoomFactor,
      setZoomFactor: (factor: number) => {
        this.webContents.zoomFactor = factor
      },
      setWindowOpenHandler: vi.fn(),
      reload: vi.fn(),
      send: vi.fn(),
    })
    readonly loadURL = vi.fn(async () => undefined)
    readonly setContentProtection = vi.fn()
    readonly setOverlayIcon = vi.fn()
    readonly maximize = vi.fn()
    readonly restore = vi.fn()
    visible = false
    focused = false
    readonly options: unknown
    constructor(options: unknown) {
      super()
      this.options = options
      FakeWindow.made.push(this)
    }
    show(): void {
      this.visible = true
    }
    hide(): void {
      this.visible = false
      this.focused = false
    }
    focus(): void {
      this.focused = true
      this.emit('focus')
    }
    close(): void {
      let stopped = false
      this.emit('close', { preventDefault: () => (stopped = true) })
      if (!stopped) this.emit('closed')
    }
    isVisible = () => this.visible
    isFocused = () => this.focused
    isMinimized = () => false
    isMaximized = () => false
    isDestroyed = () => false
    getNormalBounds = () => ({ x: 10, y: 20, width: 900, height: 700 })
  }

  class FakeNotification extends EventEmitter {
    static readonly made: FakeNotification[] = []
    static isSupported = () => true
    readonly show = vi.fn()
    readonly close = vi.fn(() => this.emit('close', {}))
    readonly options: { readonly title: string; readonly body: string; readonly silent: boolean }
    constructor(options: FakeNotification['options']) {
      super()
      this.options = options
      FakeNotification.made.push(this)
    }
  }

  const display = { workArea: { x: 0, y: 0, width: 1920, height: 1040 } }
  return {
    app: {
      isPackaged: false,
      setBadgeCount: vi.fn(),
      setLoginItemSettings: vi.fn(),
      getLoginItemSettings: vi.fn(() => ({ wasOpenedAtLogin: false })),
    },
    BrowserWindow: FakeWindow,
    Notification: FakeNotification,
    ipcMain: { handle: vi.fn() },
    protocol: { registerSchemesAsPrivileged: vi.fn() },
    screen: { getPrimaryDisplay: () => display, getAllDisplays: () => [display] },
    nativeTheme: { themeSource: 'system', shouldUseDarkColors: false },
    nativeImage: {},
    session: { defaultSession: {} },
  }
}
