import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../../../src/renderer/i18n')
const OTHERS = ['de', 'es', 'fr'] as const

interface Catalogue {
  readonly [key: string]: string | Catalogue
}

function namespaces(language: string): string[] {
  return readdirSync(join(FOLDER, language)).sort()
}

function texts(language: string, file: string): ReadonlyMap<string, string> {
  const catalogue: Catalogue = JSON.parse(readFileSync(join(FOLDER, language, file), 'utf8'))
  return new Map(flatten(catalogue, ''))
}

function flatten(catalogue: Catalogue, prefix: string): [string, string][] {
  return Object.entries(catalogue).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  )
}

/** What the code fills in or wraps: `{{name}}`, `<1>`. */
function slots(text: string): string[] {
  return (text.match(/\{\{\w+\}\}|<\/?\d+>/g) ?? []).sort()
}

const cases = OTHERS.flatMap((language) => namespaces(language).map((file) => ({ language, file })))

test.each(cases)('$language/$file has the keys of English, no more', ({ language, file }) => {
  expect([...texts(language, file).keys()].sort()).toEqual([...texts('en', file).keys()].sort())
})

test.each(cases)('$language/$file fills in what English does', ({ language, file }) => {
  const english = texts('en', file)
  for (const [key, text] of texts(language, file)) {
    expect(slots(text), key).toEqual(slots(english.get(key) ?? ''))
  }
})

test.each(cases)('$language/$file leaves no text empty', ({ language, file }) => {
  for (const [key, text] of texts(language, file)) expect(text.trim(), key).not.toBe('')
})
