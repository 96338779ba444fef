import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERRORS } from '#shared/errors.ts'
import { LANGUAGES } from '../../../../src/renderer/i18n/languages.ts'

const FOLDER = join(import.meta.dirname, '../../../../src/renderer/i18n')
const NAMESPACES = readdirSync(join(FOLDER, 'en')).map((name) => name.replace('.json', ''))
const PLURAL = /_(?:zero|one|two|few|many|other)$/

function catalogue(language: string, namespace: string): Map<string, string> {
  const parsed: unknown = JSON.parse(
    readFileSync(join(FOLDER, language, `${namespace}.json`), 'utf8'),
  )
  return new Map(flatten(parsed, ''))
}

function flatten(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) throw new TypeError(`${path} is no text`)
  return Object.entries(value).flatMap(([key, inner]) =>
    flatten(inner, path === '' ? key : `${path}.${key}`),
  )
}

/** Keys without their plural form: languages differ in how many forms they have. */
function keys(texts: Map<string, string>): string[] {
  return [...new Set([...texts.keys()].map((key) => key.replace(PLURAL, '')))].sort()
}

/** What the code fills in or wraps: `{{name}}`, `<1>`. */
function placeholders(text: string): string[] {
  return [...new Set(text.match(/\{\{\w+\}\}|<\/?\d+>/g) ?? [])].sort()
}

/** The plural forms of counts that occur here; some languages have one more for round millions. */
function pluralForms(language: string): Set<string> {
  const rules = new Intl.PluralRules(language)
  return new Set(Array.from({ length: 1_001 }, (_, count) => rules.select(count)))
}

describe.each(LANGUAGES)('the texts in %s', (language) => {
  test.each(NAMESPACES)('%s has every key of English and no other', (namespace) => {
    expect(keys(catalogue(language, namespace))).toEqual(keys(catalogue('en', namespace)))
  })

  test.each(NAMESPACES)(
    '%s fills in the same values as English, and is never empty',
    (namespace) => {
      const english = catalogue('en', namespace)
      for (const [key, text] of catalogue(language, namespace)) {
        const other = english.get(key) ?? english.get(key.replace(PLURAL, '_other')) ?? ''
        expect.soft(text.trim(), key).not.toBe('')
        expect.soft(placeholders(text), key).toEqual(placeholders(other))
      }
    },
  )

  test('has a plural form for every count', () => {
    const needed = pluralForms(language)
    for (const namespace of NAMESPACES) {
      const texts = catalogue(language, namespace)
      for (const key of texts.keys()) {
        if (!PLURAL.test(key)) continue
        const base = key.replace(PLURAL, '')
        for (const form of needed) {
          expect.soft(texts.has(`${base}_${form}`), `${namespace}:${base}_${form}`).toBe(true)
        }
      }
    }
  })

  test('explains every error code', () => {
    expect(keys(catalogue(language, 'errors'))).toEqual(Object.keys(ERRORS).sort())
  })
})
