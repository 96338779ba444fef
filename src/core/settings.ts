import * as v from 'valibot'
import { SettingsView, type SettingsChange } from '#shared/views.ts'
import type { ProxySetting, SettingsTable } from './ports.ts'

export type Settings = SettingsView

export const DEFAULT_SETTINGS: Settings = {
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

const SETTINGS = 'settings'

/** Reads the settings; each one that is missing or not valid (any more) has its default. */
export function readSettings(table: SettingsTable): Settings {
  const stored = v.safeParse(v.record(v.string(), v.unknown()), table.get(SETTINGS))
  const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS }
  if (stored.success) {
    for (const [name, schema] of Object.entries(SettingsView.entries)) {
      const value = stored.output[name]
      if (v.is(schema, value)) settings[name] = value
    }
  }
  return v.parse(SettingsView, settings)
}

/** Changes some settings and returns all. */
export function writeSettings(table: SettingsTable, change: SettingsChange): Settings {
  const settings = v.parse(SettingsView, { ...readSettings(table), ...change })
  table.set(SETTINGS, settings)
  return settings
}

/** The relay client's form of the proxy setting. `systemProxyUrl` is what the platform says, if anything. */
export function proxyOf(settings: Settings, systemProxyUrl: string | null): ProxySetting {
  return settings.proxy.kind === 'system' ? { kind: 'system', url: systemProxyUrl } : settings.proxy
}
