import type { SettingsView } from '#shared/views.ts'

interface Effects {
  readonly theme: (theme: SettingsView['theme']) => void
  readonly language: (language: SettingsView['language']) => void
  readonly screenCaptureProtection: (isProtected: boolean) => void
  readonly launchAtLogin: (enabled: boolean) => void
}

/** Makes settings act at once, each only when it differs from what was applied before. */
export function settingsApplier(
  effects: Effects,
  initial: Partial<SettingsView>,
): (settings: SettingsView) => void {
  let applied = initial
  return (settings) => {
    for (const name of Object.keys(effects) as (keyof Effects)[]) {
      if (settings[name] === applied[name]) continue
      const apply = effects[name] as (value: SettingsView[typeof name]) => void
      apply(settings[name])
    }
    applied = settings
  }
}
