import { Menu, Tray } from 'electron'
import { unreadText } from './badge.ts'
import { trayIcon } from './icons.ts'
import type { ShellTexts } from './texts/shell-texts.ts'

interface TrayActions {
  readonly toggle: () => void
  readonly open: () => void
  readonly quit: () => void
}

/** The icon in the tray, with the number of unread messages. */
export class AppTray {
  readonly #tray: Tray
  readonly #isMac: boolean
  readonly #actions: TrayActions
  #hasUnread = false

  constructor(texts: ShellTexts, isMac: boolean, actions: TrayActions) {
    this.#isMac = isMac
    this.#actions = actions
    this.#tray = new Tray(trayIcon({ unread: false, template: isMac }))
    // On macOS a click opens the menu.
    if (!isMac) this.#tray.on('click', actions.toggle)
    this.setTexts(texts)
  }

  /** After a change of the language; `showUnread` follows. */
  setTexts(texts: ShellTexts): void {
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: texts.trayOpen, click: this.#actions.open },
        { type: 'separator' },
        { label: texts.quit, click: this.#actions.quit },
      ]),
    )
  }

  showUnread(unreadCount: number, texts: ShellTexts): void {
    const hasUnread = unreadCount > 0
    if (hasUnread !== this.#hasUnread) {
      this.#hasUnread = hasUnread
      this.#tray.setImage(trayIcon({ unread: hasUnread, template: this.#isMac }))
    }
    this.#tray.setToolTip(hasUnread ? `${texts.app}: ${unreadText(unreadCount, texts)}` : texts.app)
  }
}
