import { localeOf } from './languages.ts'

const DAY_MS = 86_400_000
const CACHE = new Map<string, Intl.DateTimeFormat>()

function formatter(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}|${JSON.stringify(options)}`
  let found = CACHE.get(key)
  if (found === undefined) {
    found = new Intl.DateTimeFormat(localeOf(language), options)
    CACHE.set(key, found)
  }
  return found
}

/** The time of day: `14:05`. */
export function formatClock(language: string, timeMs: number): string {
  return formatter(language, { hour: 'numeric', minute: '2-digit' }).format(timeMs)
}

/** Date and time in full, for titles and details. */
export function formatMoment(language: string, timeMs: number): string {
  return formatter(language, { dateStyle: 'long', timeStyle: 'medium' }).format(timeMs)
}

/** A date without a time of day. */
export function formatDate(language: string, timeMs: number): string {
  return formatter(language, { dateStyle: 'long' }).format(timeMs)
}

/** Which calendar day a time lies in, as a number that orders days (local time). */
export function dayNumber(timeMs: number): number {
  const date = new Date(timeMs)
  return Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS)
}

/** The day for a separator: `Today`, `Yesterday`, `Tuesday`, `3 March`, `3 March 2024`. */
export function formatDay(language: string, timeMs: number, nowMs: number): string {
  const ago = dayNumber(nowMs) - dayNumber(timeMs)
  if (ago === 0 || ago === 1) {
    const text = new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(-ago, 'day')
    return text.charAt(0).toLocaleUpperCase(language) + text.slice(1)
  }
  if (ago > 1 && ago < 7) return formatter(language, { weekday: 'long' }).format(timeMs)
  return formatter(language, {
    day: 'numeric',
    month: 'long',
    ...(sameYear(timeMs, nowMs) ? {} : { year: 'numeric' }),
  }).format(timeMs)
}

/** The short time of the conversation list: `14:05`, `Tue`, `3 Mar`, `03/03/2024`. */
export function formatListTime(language: string, timeMs: number, nowMs: number): string {
  const ago = dayNumber(nowMs) - dayNumber(timeMs)
  if (ago <= 0) return formatClock(language, timeMs)
  if (ago < 7) return formatter(language, { weekday: 'short' }).format(timeMs)
  if (sameYear(timeMs, nowMs)) {
    return formatter(language, { day: 'numeric', month: 'short' }).format(timeMs)
  }
  return formatter(language, { dateStyle: 'short' }).format(timeMs)
}

/** Since when something has been so: `14:05`, `Tuesday 14:05`, `3 March at 14:05`. */
export function formatSince(language: string, timeMs: number, nowMs: number): string {
  const ago = dayNumber(nowMs) - dayNumber(timeMs)
  if (ago <= 0) return formatClock(language, timeMs)
  return formatter(language, {
    ...(ago < 7 ? { weekday: 'long' } : { day: 'numeric', month: 'long' }),
    hour: 'numeric',
    minute: '2-digit',
  }).format(timeMs)
}

/** How long ago, or in how long: `2 minutes ago`, `in 5 seconds`. */
export function formatRelative(language: string, timeMs: number, nowMs: number): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const seconds = Math.round((timeMs - nowMs) / 1_000)
  const size = Math.abs(seconds)
  if (size < 60) return format.format(seconds, 'second')
  if (size < 3_600) return format.format(Math.round(seconds / 60), 'minute')
  if (size < 86_400) return format.format(Math.round(seconds / 3_600), 'hour')
  return format.format(Math.round(seconds / 86_400), 'day')
}

/** A number with this language's separators. */
export function formatNumber(language: string, value: number): string {
  return new Intl.NumberFormat(localeOf(language)).format(value)
}

/** A size in bytes: `1.2 kB`. */
export function formatBytes(language: string, bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  return new Intl.NumberFormat(localeOf(language), {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: 1,
  }).format(bytes / 1_000 ** power)
}

function sameYear(a: number, b: number): boolean {
  return new Date(a).getFullYear() === new Date(b).getFullYear()
}
