import { nativeTheme } from 'electron'
import type { SettingsView } from '#shared/views.ts'

/**
 * Takes over the theme for what the platform draws (title bar, menus) and for `prefers-color-scheme` in the page.
 * The page's high-contrast palette is a dark one.
 */
export function applyTheme(theme: SettingsView['theme']): void {
  nativeTheme.themeSource = theme === 'high-contrast' ? 'dark' : theme
}
