/** How well a text fits a query, and where: pairs of start and end, for highlighting. */
export interface FuzzyMatch {
  readonly score: number
  readonly ranges: readonly (readonly [start: number, end: number])[]
}

const WORD_START_POINTS = 6
const CONTIGUOUS_POINTS = 7
const HIT_POINTS = 1
const TEXT_START_POINTS = 6
const GAP_POINTS = -0.2

/**
 * Finds the characters of a query in order in a text, as in `cma` for "Copy my address". Case and accents do
 * not matter. Words of the query may come in any order ("example anna").
 * @returns `null` where the text does not fit. The score of an empty query is 0.
 */
export function matchFuzzy(query: string, text: string): FuzzyMatch | null {
  const haystack = foldPerCharacter(text)
  const ranges: (readonly [number, number])[] = []
  let score = 0
  for (const word of fold(query).split(/\s+/)) {
    if (word === '') continue
    const match = matchWord([...word], haystack)
    if (match === null) return null
    score += match.score
    ranges.push(...match.ranges)
  }
  return { score, ranges: mergeRanges(ranges) }
}

function fold(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
}

interface FoldedCharacter {
  readonly folded: string
  readonly start: number
  readonly end: number
  readonly startsWord: boolean
}

function foldPerCharacter(text: string): FoldedCharacter[] {
  const characters: FoldedCharacter[] = []
  let start = 0
  let afterLetter = false
  for (const character of text) {
    const end = start + character.length
    const letter = /[\p{L}\p{N}]/u.test(character)
    const mark = /\p{M}/u.test(character)
    if (!mark) {
      characters.push({ folded: fold(character), start, end, startsWord: letter && !afterLetter })
      afterLetter = letter
    }
    start = end
  }
  return characters
}

function matchWord(word: readonly string[], text: readonly FoldedCharacter[]): FuzzyMatch | null {
  let best: FuzzyMatch | null = null
  for (let start = 0; start < text.length; start++) {
    if (text[start]?.folded !== word[0]) continue
    for (const findNext of [nextStartOfWord, nextAnywhere]) {
      const match = matchFrom(word, text, start, findNext)
      if (match !== null && match.score > (best?.score ?? -Infinity)) best = match
    }
  }
  return best
}

type FindNext = (wanted: string, text: readonly FoldedCharacter[], from: number) => number

const nextAnywhere: FindNext = (wanted, text, from) =>
  text.findIndex(({ folded }, index) => index >= from && folded === wanted)

/** Where it follows directly there; else at the start of a word, as initials are typed. */
const nextStartOfWord: FindNext = (wanted, text, from) =>
  text.findIndex(
    ({ folded, startsWord }, index) =>
      index >= from && folded === wanted && (index === from || startsWord),
  )

function matchFrom(
  word: readonly string[],
  text: readonly FoldedCharacter[],
  start: number,
  findNext: FindNext,
): FuzzyMatch | null {
  const ranges: (readonly [number, number])[] = []
  let score = start === 0 ? TEXT_START_POINTS : 0
  let at = start
  for (const wanted of word) {
    const found = ranges.length === 0 ? start : findNext(wanted, text, at)
    const hit = text[found]
    if (hit === undefined) return null
    score += HIT_POINTS
    if (hit.startsWord) score += WORD_START_POINTS
    if (ranges.length > 0) score += found === at ? CONTIGUOUS_POINTS : (found - at) * GAP_POINTS
    ranges.push([hit.start, hit.end])
    at = found + 1
  }
  return { score, ranges }
}

function mergeRanges(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const merged: [number, number][] = []
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const previous = merged.at(-1)
    if (previous !== undefined && start <= previous[1]) previous[1] = Math.max(previous[1], end)
    else merged.push([start, end])
  }
  return merged
}
