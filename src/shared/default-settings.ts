import type { SettingsView } from './views.ts'

/** What holds until the user changes it; also before a profile, or the page, knows better. */
export const DEFAULT_SETTINGS: SettingsView = {
  theme: 'system',
  density: 'comfortable',
  fontSize: 100,
  language: 'system',
  sendKey: 'enter',
  readReceipts: true,
  whoMayWrite: 'anyone',
  screenCaptureProtection: false,
  notifications: 'name-and-text',
  notificationSound: true,
  launchAtLogin: false,
  closeToTray: false,
  proxy: { kind: 'system' },
}
