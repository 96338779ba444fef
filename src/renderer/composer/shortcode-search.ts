import type { Shortcode } from './emoji-data.ts'

const MAX_SUGGESTIONS = 8

/** A `:word` before the caret that may become an emoji. */
export interface OpenShortcode {
  /** Where the colon stands. */
  readonly start: number
  readonly word: string
  /** The closing colon was typed: `:word:`. */
  readonly closed: boolean
}

/** The shortcode that ends at the caret, if any. A colon inside a word (`10:30`, `https:`) opens none. */
export function openShortcode(text: string, caret: number): OpenShortcode | null {
  const match = /(?:^|[\s(])(:([a-z0-9_+-]{2,32})(:?))$/i.exec(
    text.slice(Math.max(0, caret - 40), caret),
  )
  const [, whole, word, closing] = match ?? []
  if (whole === undefined || word === undefined) return null
  return { start: caret - whole.length, word: word.toLowerCase(), closed: closing === ':' }
}

/** The best emoji for a word: the exact code first, then codes that begin with it, then those that have it. */
export function suggest(all: readonly Shortcode[], word: string): readonly Shortcode[] {
  const rank = ({ code }: Shortcode) =>
    code === word ? 0 : code.startsWith(word) ? 1 : code.includes(`_${word}`) ? 2 : 3
  return all
    .filter(({ code }) => code.includes(word))
    .toSorted(
      (a, b) => rank(a) - rank(b) || a.code.length - b.code.length || (a.code < b.code ? -1 : 1),
    )
    .slice(0, MAX_SUGGESTIONS)
}
