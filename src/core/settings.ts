import * as v from 'valibot'
import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'
import { SettingsView, type SettingsChange } from '#shared/views.ts'
import type { SettingsTable } from './ports.ts'

export type Settings = SettingsView

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
