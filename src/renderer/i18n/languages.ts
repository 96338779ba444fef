import type { SettingsView } from '#ipc/views.ts'

/** The languages Sotto speaks. */
export const LANGUAGES = ['en', 'de', 'es', 'fr'] as const
export type Language = (typeof LANGUAGES)[number]

/** The language to use for a setting: itself, or the first of the system's that Sotto speaks. */
export function resolveLanguage(
  setting: SettingsView['language'],
  system: readonly string[] = navigator.languages,
): Language {
  if (setting !== 'system') return setting
  for (const tag of system) {
    // Not by Intl.Locale: with the locale "C" Chromium calls its language `en-US@posix`, which that throws at.
    const [name] = tag.toLowerCase().split(/[^a-z]/)
    const language = LANGUAGES.find((known) => known === name)
    if (language !== undefined) return language
  }
  return 'en'
}

// What Intl takes: neither `en-US@posix` nor `de_AT`.
const WITH_REGION = /^[a-z]{2,3}(?:-[a-z]{4})?-(?:[a-z]{2}|\d{3})$/i

/** How dates and numbers are written: as where the user lives, in the language that is shown (`en` alone is American). */
export function localeOf(
  language: string,
  system: readonly string[] = navigator.languages,
): string {
  return (
    system.find(
      (tag) => tag === language || (tag.startsWith(`${language}-`) && WITH_REGION.test(tag)),
    ) ?? language
  )
}
