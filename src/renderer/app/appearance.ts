import type { SettingsView } from '#ipc/views.ts'
import { setLanguage } from '../i18n/i18n.ts'
import { resolveLanguage } from '../i18n/languages.ts'
import { useApp } from '../state/app.ts'

/** Applies theme, density, font size and language to the page, now and whenever they change. */
export function followAppearance(settings: SettingsView): void {
  apply(settings)
  useApp.subscribe((now, before) => {
    if (now.settings !== before.settings) apply(now.settings)
  })
}

function apply({ theme, density, fontSize, language }: SettingsView): void {
  const root = document.documentElement
  root.dataset['theme'] = theme
  root.dataset['density'] = density
  root.style.fontSize = `${fontSize}%`
  void setLanguage(resolveLanguage(language))
}
