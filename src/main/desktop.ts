import { app } from 'electron'
import type { Log } from '#core/ports.ts'
import type { MenuCommand } from '#ipc/contract.ts'
import type { SettingsView } from '#shared/views.ts'
import { showBadge } from './badge.ts'
import { setLaunchAtLogin } from './login-item.ts'
import { setMenu } from './menu.ts'
import { settingsApplier } from './settings-effects.ts'
import type { ShellStateStore } from './shell-state.ts'
import { shellTexts, type ShellTexts } from './texts/shell-texts.ts'
import { applyTheme } from './theme.ts'
import { isTrayThere } from './tray-presence.ts'
import { AppTray } from './tray.ts'
import type { MainWindow } from './windows/main-window.ts'

interface DesktopParts {
  readonly profile: string
  readonly state: ShellStateStore
  readonly window: MainWindow
  readonly log: Log
  readonly choose: (command: MenuCommand) => void
}

/** What the app puts on the desktop besides its window: menu, tray, badge, theme and the entry at login. */
export class Desktop {
  /** Makes the settings of the open profile act. */
  readonly applySettings: (settings: SettingsView) => void
  readonly #parts: DesktopParts
  readonly #isMac = process.platform === 'darwin'
  #texts: ShellTexts
  #tray: AppTray | null = null
  #unreadCount = 0

  constructor(parts: DesktopParts) {
    this.#parts = parts
    const { theme, language } = parts.state.get()
    // The system's language is not known before Electron is ready.
    this.#texts = shellTexts(language, '')
    this.applySettings = settingsApplier(
      {
        theme: (changed) => {
          applyTheme(changed)
          parts.state.update({ theme: changed })
        },
        language: (changed) => {
          parts.state.update({ language: changed })
          this.#setLanguage(changed)
        },
        screenCaptureProtection: (isProtected) => parts.window.setProtectedFromCapture(isProtected),
        launchAtLogin: (enabled) => {
          setLaunchAtLogin(enabled, parts.profile).catch((cause: unknown) =>
            parts.log.error('login-item-failed', cause),
          )
        },
      },
      { theme, language, screenCaptureProtection: false, launchAtLogin: false },
    )
  }

  texts(): ShellTexts {
    return this.#texts
  }

  hasTray(): boolean {
    return this.#tray !== null
  }

  /** Once Electron is ready, before any profile is open: the theme and the language of last time, and the menu. */
  setUp(): void {
    const { theme, language } = this.#parts.state.get()
    applyTheme(theme)
    this.#texts = shellTexts(language, app.getLocale())
    this.#setMenu()
  }

  /** Adds the icon to the tray, where there is one. Resolves when that is known. */
  async addTray(): Promise<void> {
    if (!(await isTrayThere(process.platform, process.env))) return
    const { window } = this.#parts
    this.#tray = new AppTray(this.#texts, this.#isMac, {
      toggle: () => window.toggle(),
      open: () => window.show(),
      quit: () => app.quit(),
    })
    this.#tray.showUnread(this.#unreadCount, this.#texts)
  }

  showUnread(count: number): void {
    if (count === this.#unreadCount) return
    this.#unreadCount = count
    this.#showUnread()
  }

  #setLanguage(language: SettingsView['language']): void {
    this.#texts = shellTexts(language, app.getLocale())
    this.#setMenu()
    this.#tray?.setTexts(this.#texts)
    this.#showUnread()
  }

  #showUnread(): void {
    const { window } = this.#parts
    showBadge(this.#unreadCount, { platform: process.platform, window, texts: this.#texts })
    this.#tray?.showUnread(this.#unreadCount, this.#texts)
  }

  #setMenu(): void {
    const { window, choose } = this.#parts
    setMenu(
      { texts: this.#texts, isMac: this.#isMac, withDeveloperTools: !app.isPackaged },
      {
        choose: (command) => {
          window.show()
          choose(command)
        },
        zoom: (direction) => window.zoom(direction),
        closeWindow: () => window.close(),
      },
    )
  }
}
