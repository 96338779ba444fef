import { app, type NativeImage } from 'electron'
import { unreadOverlay } from './icons.ts'
import { withCount, type ShellTexts } from './texts/shell-texts.ts'

interface BadgeWindow {
  setOverlay(icon: NativeImage | null, description: string): void
}

/** Shows how many messages wait: on the dock or launcher as a number, on Windows as a mark on the taskbar. */
export function showBadge(
  count: number,
  options: {
    readonly platform: NodeJS.Platform
    readonly window: BadgeWindow
    readonly texts: ShellTexts
  },
): void {
  if (options.platform !== 'win32') {
    app.setBadgeCount(count)
    return
  }
  const icon = count > 0 ? unreadOverlay() : null
  options.window.setOverlay(icon, count > 0 ? unreadText(count, options.texts) : '')
}

/** "1 unread message", "7 unread messages". */
export function unreadText(count: number, texts: ShellTexts): string {
  return count === 1 ? texts.unreadOne : withCount(texts.unreadMany, count)
}
