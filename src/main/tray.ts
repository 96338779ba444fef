import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Menu, Tray } from 'electron'
import { unreadText } from './badge.ts'
import { trayIcon } from './icons.ts'
import type { ShellTexts } from './texts/shell-texts.ts'

const WATCHER_TIMEOUT_MS = 1_000
const STATUS_NOTIFIER_WATCHER = 'org.kde.StatusNotifierWatcher'

interface TrayActions {
  readonly toggle: () => void
  readonly open: () => void
  readonly quit: () => void
}

/**
 * Whether this desktop has a tray. macOS and Windows always do; on Linux some service must show status icons,
 * otherwise an app that hides in the tray could not be brought back.
 */
export async function isTrayThere(platform: NodeJS.Platform): Promise<boolean> {
  if (platform !== 'linux') return true
  const question = [
    'call',
    '--session',
    '--dest=org.freedesktop.DBus',
    '--object-path=/org/freedesktop/DBus',
    '--method=org.freedesktop.DBus.NameHasOwner',
    STATUS_NOTIFIER_WATCHER,
  ]
  try {
    const { stdout } = await promisify(execFile)('gdbus', question, { timeout: WATCHER_TIMEOUT_MS })
    return stdout.includes('true')
  } catch {
    return false
  }
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
    this.#tray.on('click', actions.toggle)
    this.update(0, texts)
  }

  /** After a change of the count or of the language. */
  update(unreadCount: number, texts: ShellTexts): void {
    const hasUnread = unreadCount > 0
    if (hasUnread !== this.#hasUnread) {
      this.#hasUnread = hasUnread
      this.#tray.setImage(trayIcon({ unread: hasUnread, template: this.#isMac }))
    }
    this.#tray.setToolTip(hasUnread ? `${texts.app}: ${unreadText(unreadCount, texts)}` : texts.app)
    this.#tray.setContextMenu(
      Menu.buildFromTemplate([
        { label: texts.trayOpen, click: this.#actions.open },
        { type: 'separator' },
        { label: texts.quit, click: this.#actions.quit },
      ]),
    )
  }
}
