import { EventEmitter } from 'node:events'
import { homedir, tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { preventable } from '../events.ts'
import { loud, loudClass } from '../loud.ts'
import { runtime } from '../runtime.ts'
import { lockInstance, type InstanceLock } from '../single-instance.ts'
import type { BrowserWindow } from './browser-window.ts'
import { openWindows, windowEvents } from './windows.ts'

interface LoginItemSettings {
  readonly openAtLogin?: boolean
  readonly openAsHidden?: boolean
  readonly path?: string
  readonly args?: string[]
}

const DEFAULT_LOCALE = 'en-US'

/** `app`: the life of the process. */
class App extends EventEmitter {
  readonly isPackaged = false
  readonly commandLine = loud('app.commandLine', {
    appendSwitch: (name: string, value = ''): void => {
      runtime().switches.set(name.toLowerCase(), value)
    },
    appendArgument: (_value: string): void => {
      // Chromium's own arguments are the stand-in's.
    },
    hasSwitch: (name: string): boolean => runtime().switches.has(name),
    getSwitchValue: (name: string): string => runtime().switches.get(name) ?? '',
    removeSwitch: (name: string): void => {
      runtime().switches.delete(name)
    },
  })
  readonly #paths = new Map<string, string>()
  readonly #protocols = new Set<string>()
  readonly #ready = Promise.withResolvers<void>()
  #isReady = false
  #isQuitting = false
  #name: string | undefined
  #instance: InstanceLock | null = null
  #badgeCount = 0
  #loginItem: LoginItemSettings = {}
  #accessibility = false

  // Metadata

  getName(): string {
    return this.#name ?? runtime().productName
  }
  setName(name: string): void {
    this.#name = name
  }
  get name(): string {
    return this.getName()
  }
  set name(name: string) {
    this.setName(name)
  }
  getVersion(): string {
    return runtime().version
  }
  getAppPath(): string {
    return runtime().appPath
  }
  getLocale(): string {
    if (!this.#isReady) return ''
    return this.commandLine.getSwitchValue('lang') || DEFAULT_LOCALE
  }
  getSystemLocale(): string {
    return this.getLocale()
  }
  getPreferredSystemLanguages(): string[] {
    return [this.getLocale()]
  }
  getLocaleCountryCode(): string {
    return this.getLocale().split('-')[1] ?? ''
  }

  // Paths

  getPath(name: string): string {
    const set = this.#paths.get(name)
    if (set !== undefined) return set
    switch (name) {
      case 'userData':
      case 'sessionData':
        return (
          this.commandLine.getSwitchValue('user-data-dir') ||
          join(this.getPath('appData'), this.getName())
        )
      case 'appData':
        return process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
      case 'home':
        return homedir()
      case 'temp':
        return tmpdir()
      case 'logs':
        return join(this.getPath('userData'), 'logs')
      case 'crashDumps':
        return join(this.getPath('userData'), 'Crashpad')
      case 'exe':
        return process.execPath
      case 'desktop':
      case 'documents':
      case 'downloads':
      case 'music':
      case 'pictures':
      case 'videos':
        return join(homedir(), `${name.charAt(0).toUpperCase()}${name.slice(1)}`)
      default:
        throw new Error(`Failed to get '${name}' path`)
    }
  }
  setPath(name: string, path: string): void {
    if (!isAbsolute(path)) throw new Error('Path must be absolute')
    this.#paths.set(name, path)
  }
  setAppLogsPath(path?: string): void {
    this.setPath('logs', path ?? join(this.getPath('userData'), 'logs'))
  }

  // Life cycle

  isReady(): boolean {
    return this.#isReady
  }
  whenReady(): Promise<void> {
    return this.#ready.promise
  }
  /** The stand-in's own: Chromium runs. */
  becomeReady(): void {
    this.#isReady = true
    this.emit('will-finish-launching')
    this.#ready.resolve()
    this.emit('ready', {}, {})
  }
  get isQuitting(): boolean {
    return this.#isQuitting
  }

  quit(): void {
    if (this.#isQuitting) return
    const before = preventable({})
    this.emit('before-quit', before)
    if (before.defaultPrevented) return
    this.#isQuitting = true
    for (const window of [...openWindows] as BrowserWindow[]) {
      window.close()
      if (!window.isDestroyed()) {
        this.#isQuitting = false
        return
      }
    }
    this.#willQuit()
  }
  exit(exitCode = 0): void {
    for (const window of [...openWindows] as BrowserWindow[]) window.destroy()
    this.emit('quit', {}, exitCode)
    this.releaseSingleInstanceLock()
    process.exit(exitCode)
  }
  relaunch(_options?: object): void {
    throw new Error('stand-in: app.relaunch is not supported')
  }

  #willQuit(): void {
    const event = preventable({})
    this.emit('will-quit', event)
    this.#isQuitting = false
    if (!event.defaultPrevented) this.exit(0)
  }
  /** The stand-in's own: a window has closed. */
  windowClosed(): void {
    if (openWindows.size > 0 || this.#isQuitting) return
    if (this.listenerCount('window-all-closed') === 0) this.quit()
    else this.emit('window-all-closed')
  }

  requestSingleInstanceLock(data: unknown = {}): boolean {
    if (this.#instance !== null) return true
    const message = { argv: [...process.argv], cwd: process.cwd(), data }
    this.#instance = lockInstance(this.getPath('userData'), message, (second) => {
      this.emit('second-instance', {}, second.argv, second.cwd, second.data)
    })
    return this.#instance !== null
  }
  hasSingleInstanceLock(): boolean {
    return this.#instance !== null
  }
  releaseSingleInstanceLock(): void {
    this.#instance?.release()
    this.#instance = null
  }

  // What the desktop would keep: remembered here, registered nowhere

  setAsDefaultProtocolClient(scheme: string): boolean {
    this.#protocols.add(scheme)
    return true
  }
  isDefaultProtocolClient(scheme: string): boolean {
    return this.#protocols.has(scheme)
  }
  removeAsDefaultProtocolClient(scheme: string): boolean {
    return this.#protocols.delete(scheme)
  }
  setLoginItemSettings(settings: LoginItemSettings): void {
    this.#loginItem = { ...settings }
  }
  getLoginItemSettings(): Required<Pick<LoginItemSettings, 'openAtLogin' | 'openAsHidden'>> & {
    wasOpenedAtLogin: boolean
  } {
    const { openAtLogin = false, openAsHidden = false } = this.#loginItem
    return { openAtLogin, openAsHidden, wasOpenedAtLogin: false }
  }
  setBadgeCount(count = 0): boolean {
    this.#badgeCount = count
    return true
  }
  getBadgeCount(): number {
    return this.#badgeCount
  }
  get badgeCount(): number {
    return this.#badgeCount
  }
  set badgeCount(count: number) {
    this.#badgeCount = count
  }
  isUnityRunning(): boolean {
    return false
  }
  setDesktopName(_name: string): void {
    // There is no desktop file.
  }
  setAppUserModelId(_id: string): void {
    // Only Windows has it.
  }
  setAboutPanelOptions(_options: object): void {
    // There is no panel to show.
  }
  showAboutPanel(): void {
    // There is no panel to show.
  }
  addRecentDocument(_path: string): void {
    // The desktop's list is not touched.
  }
  clearRecentDocuments(): void {
    // The desktop's list is not touched.
  }
  focus(_options?: object): void {
    const [window] = openWindows as ReadonlySet<BrowserWindow>
    window?.focus()
  }
  isAccessibilitySupportEnabled(): boolean {
    return this.#accessibility
  }
  setAccessibilitySupportEnabled(enabled: boolean): void {
    this.#accessibility = enabled
  }

  // What Chromium here has always, or never

  enableSandbox(): void {
    if (this.#isReady) throw new Error('app.enableSandbox() can only be called before app is ready')
  }
  disableHardwareAcceleration(): void {
    if (this.#isReady) {
      throw new Error('app.disableHardwareAcceleration() can only be called before app is ready')
    }
  }
  async setProxy(_config: object): Promise<void> {
    // Pages reach the app's own scheme only.
  }
  async resolveProxy(_url: string): Promise<string> {
    return 'DIRECT'
  }
}
loudClass('app', App)

export const app = new App()

windowEvents.on('created', (window) => {
  const created = window as BrowserWindow
  app.emit('web-contents-created', {}, created.webContents)
  app.emit('browser-window-created', {}, created)
  created.webContents.on('render-process-gone', (_event, details) => {
    app.emit('render-process-gone', {}, created.webContents, details)
  })
})
windowEvents.on('closed', () => app.windowClosed())
windowEvents.on('focus', (window) => app.emit('browser-window-focus', {}, window))
windowEvents.on('blur', (window) => app.emit('browser-window-blur', {}, window))
