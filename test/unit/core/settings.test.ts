import { describe, expect, test } from 'vitest'
import { readSettings, writeSettings } from '#core/settings.ts'
import { DEFAULT_SETTINGS } from '#shared/default-settings.ts'

function tableOf(initial: unknown = null) {
  const values = new Map<string, unknown>([['settings', initial]])
  return {
    get: (name: string) => values.get(name) ?? null,
    set: (name: string, value: unknown) => void values.set(name, value),
  }
}

describe('settings', () => {
  test.each([null, 'nonsense', [], 42])('are the defaults where %j is stored', (stored) => {
    expect(readSettings(tableOf(stored))).toEqual(DEFAULT_SETTINGS)
  })

  test('keep what is valid, and drop what is not (any more)', () => {
    const stored = { theme: 'dark', fontSize: 5_000, gone: true, language: 'de' }
    expect(readSettings(tableOf(stored))).toEqual({
      ...DEFAULT_SETTINGS,
      theme: 'dark',
      language: 'de',
    })
  })

  test('change one by one', () => {
    const table = tableOf()
    writeSettings(table, { theme: 'light' })
    writeSettings(table, { readReceipts: false })
    expect(readSettings(table)).toMatchObject({ theme: 'light', readReceipts: false })
  })
})
