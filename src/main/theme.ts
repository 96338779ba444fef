import { nativeTheme } from 'electron'
import type { SettingsView } from '#shared/views.ts'

/**
 * Takes over the theme for what the platform draws (title bar, menus) and for `prefers-color-scheme` in the page.
 * High contrast is the page's own palette on top of the system's choice of light or dark.
 */
export function applyTheme(theme: SettingsView['theme']): void {
  nativeTheme.themeSource = theme === 'high-contrast' ? 'system' : theme
}
