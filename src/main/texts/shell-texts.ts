import type { SettingsView } from '#shared/views.ts'
import { de } from './de.ts'
import { en, type ShellTexts } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'

export type { ShellTexts }

type Language = Exclude<SettingsView['language'], 'system'>

const CATALOGUES: Readonly<Record<Language, ShellTexts>> = { en, de, es, fr }

/** The shell's texts in the language of the settings; `system` goes by the locale, English where it has none. */
export function shellTexts(language: SettingsView['language'], systemLocale: string): ShellTexts {
  const wanted = language === 'system' ? (systemLocale.split('-')[0] ?? 'en') : language
  return Object.hasOwn(CATALOGUES, wanted) ? CATALOGUES[wanted as Language] : en
}

/** Puts a number in the place of `{count}`. */
export function withCount(text: string, count: number): string {
  return text.replace('{count}', String(count))
}
