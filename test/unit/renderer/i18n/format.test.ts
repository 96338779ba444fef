import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  formatBytes,
  formatClock,
  formatDate,
  formatDay,
  formatListTime,
  formatNumber,
  formatRelative,
  formatSince,
} from '../../../../src/renderer/i18n/format.ts'
import { localeOf, resolveLanguage } from '../../../../src/renderer/i18n/languages.ts'

const at = (year: number, month: number, day: number, hour = 12, minute = 0) =>
  new Date(year, month - 1, day, hour, minute).getTime()
const NOW_MS = at(2026, 11, 20, 15)

describe('the day of a separator', () => {
  test.each([
    [at(2026, 11, 20, 0, 1), 'Today'],
    [at(2026, 11, 19, 23, 59), 'Yesterday'],
    [at(2026, 11, 17), 'Tuesday'],
    [at(2026, 11, 13), '13 November'],
    [at(2024, 3, 3), '3 March 2024'],
  ])('%i is %s', (timeMs, day) => {
    expect(formatDay('en-GB', timeMs, NOW_MS)).toBe(day)
  })

  test('speaks the language, with a capital', () => {
    expect(formatDay('de', at(2026, 11, 19), NOW_MS)).toBe('Gestern')
    expect(formatDay('es', at(2026, 11, 20), NOW_MS)).toBe('Hoy')
    expect(formatDay('fr', at(2026, 11, 19), NOW_MS)).toBe('Hier')
  })
})

describe('the time in the list', () => {
  test.each([
    [at(2026, 11, 20, 14, 5), '14:05'],
    [at(2026, 11, 19, 14, 5), 'Thu'],
    [at(2026, 3, 3), '3 Mar'],
    [at(2025, 3, 3), '03/03/2025'],
  ])('%i is %s', (timeMs, time) => {
    expect(formatListTime('en-GB', timeMs, NOW_MS)).toBe(time)
  })
})

test.each([
  [at(2026, 11, 20, 14, 5), '14:05'],
  [at(2026, 11, 18, 14, 5), 'Wednesday 14:05'],
  [at(2026, 11, 3, 14, 5), '3 November at 14:05'],
])('since %i is since %s', (timeMs, since) => {
  expect(formatSince('en-GB', timeMs, NOW_MS)).toBe(since)
})

test.each([
  [-5_000, '5 seconds ago'],
  [30_000, 'in 30 seconds'],
  [-120_000, '2 minutes ago'],
  [7_200_000, 'in 2 hours'],
  [-86_400_000, 'yesterday'],
])('%i ms from now is %s', (offsetMs, text) => {
  expect(formatRelative('en', NOW_MS + offsetMs, NOW_MS)).toBe(text)
})

test.each([
  [0, '0 bytes'],
  [1, '1 byte'],
  [999, '999 bytes'],
  [1_000, '1 kB'],
  [65_536, '65.5 kB'],
  [1_500_000, '1.5 MB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes('en', bytes)).toBe(text)
})

describe('the language', () => {
  test('is the chosen one, whatever the system speaks', () => {
    expect(resolveLanguage('fr', ['de-CH'])).toBe('fr')
  })

  test("is the first of the system's that Sotto speaks", () => {
    expect(resolveLanguage('system', ['sv-SE', 'de-CH', 'en-GB'])).toBe('de')
    expect(resolveLanguage('system', ['sv-SE'])).toBe('en')
    expect(resolveLanguage('system', [])).toBe('en')
    expect(resolveLanguage('system', ['en-US@posix', 'de'])).toBe('en')
    expect(resolveLanguage('system', ['de_AT.UTF-8'])).toBe('de')
  })
})

describe('the region', () => {
  test('is the system’s, where it speaks the language', () => {
    expect(localeOf('en', ['de-CH', 'en-GB', 'en'])).toBe('en-GB')
    expect(localeOf('es', ['es-419'])).toBe('es-419')
    expect(localeOf('en', ['en', 'en-GB'])).toBe('en')
    expect(localeOf('fr', ['de-CH', 'en-GB'])).toBe('fr')
    expect(localeOf('en', ['eng-GB'])).toBe('en')
    expect(localeOf('de', [])).toBe('de')
  })

  test('is nothing that Intl throws at', () => {
    expect(localeOf('en', ['en-US@posix'])).toBe('en')
    expect(localeOf('de', ['de_AT.UTF-8', 'de-AT'])).toBe('de-AT')
  })

  test('decides how times, dates and numbers are written', () => {
    vi.stubGlobal('navigator', { languages: ['en-AU', 'de-AT'] })
    onTestFinished(() => void vi.unstubAllGlobals())
    expect(formatDate('de', at(2026, 1, 3))).toBe('3. Jänner 2026')
    expect(formatClock('en', at(2026, 11, 20, 14, 5))).toMatch(/^2:05\spm$/)
    expect(formatNumber('de', 1_234_567)).toBe(new Intl.NumberFormat('de-AT').format(1_234_567))
  })
})
