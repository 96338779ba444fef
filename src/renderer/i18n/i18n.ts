import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { Language } from './languages.ts'
// Types the keys of all texts.
import type {} from './resources.ts'

const catalogues = import.meta.glob<Record<string, unknown>>('./*/*.json', {
  eager: true,
  import: 'default',
})

function resources() {
  const all: Record<string, Record<string, Record<string, unknown>>> = {}
  for (const [path, texts] of Object.entries(catalogues)) {
    const [, language, namespace] = /^\.\/(\w+)\/([\w-]+)\.json$/.exec(path) ?? []
    if (language === undefined || namespace === undefined) continue
    const of = (all[language] ??= {})
    of[namespace] = texts
  }
  return all
}

/** Starts the texts; all catalogues are bundled, so the first screen already speaks the right language. */
export async function startI18n(language: Language): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'en',
    defaultNS: 'common',
    resources: resources(),
    interpolation: { escapeValue: false },
    returnNull: false,
    initAsync: false,
  })
  followLanguage(language)
}

/** Changes the language of everything that is shown. */
export async function setLanguage(language: Language): Promise<void> {
  if (i18next.language === language) return
  await i18next.changeLanguage(language)
  followLanguage(language)
}

function followLanguage(language: Language): void {
  document.documentElement.lang = language
  document.documentElement.dir = i18next.dir(language)
}
