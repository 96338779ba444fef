/** How well a text fits a query, and where: pairs of start and end, for highlighting. */
export interface FuzzyMatch {
  readonly score: number
  readonly ranges: readonly (readonly [start: number, end: number])[]
}

const WORD_START_POINTS = 8
const CONTIGUOUS_POINTS = 5
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
    const match = matchFrom(word, text, start)
    if (match === null) break
    if (best === null || match.score > best.score) best = match
  }
  return best
}

function matchFrom(
  word: readonly string[],
  text: readonly FoldedCharacter[],
  from: number,
): FuzzyMatch | null {
  const ranges: [number, number][] = []
  let score = from === 0 ? TEXT_START_POINTS : 0
  let at = from
  let last = -1
  for (const wanted of word) {
    at = nextHit(wanted, text, at, last)
    const hit = text[at]
    if (hit === undefined) return null
    score += HIT_POINTS
    if (hit.startsWord) score += WORD_START_POINTS
    if (last >= 0 && at === last + 1) score += CONTIGUOUS_POINTS
    else if (last >= 0) score += (at - last) * GAP_POINTS
    ranges.push([hit.start, hit.end])
    last = at
    at++
  }
  return { score, ranges }
}

/** The next place of a character, at the start of a word rather than inside one, unless it follows directly. */
function nextHit(
  wanted: string,
  text: readonly FoldedCharacter[],
  from: number,
  last: number,
): number {
  let first = -1
  for (let index = from; index < text.length; index++) {
    const character = text[index]
    if (character?.folded !== wanted) continue
    if (last < 0 || index === last + 1) return index
    if (first < 0) first = index
  }
  return first < 0 ? text.length : first
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
