import type { ConversationId } from '#core/model.ts'

// One cutting of text into words serves the index, what the user types, and the highlighting. FTS5's `ascii`
// tokenizer, which gets these words, splits at nothing but ASCII that is neither letter nor digit, and folds A–Z.

/** Scripts written without spaces: each character is a word of its own, each pair of neighbours another. */
const UNSPACED =
  '[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Bopo}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}]'
const EMOJI = '\\p{RI}\\p{RI}|\\p{Extended_Pictographic}[\\p{Emoji_Modifier}\\u200d\\ufe0f]*'
const WORD = new RegExp(
  `(?<single>[${UNSPACED}&&[\\p{L}\\p{N}]]\\p{M}*|${EMOJI})` +
    `|[[\\p{L}\\p{N}]--${UNSPACED}][[\\p{L}\\p{N}\\p{M}]--${UNSPACED}]*`,
  'gv',
)
const ASCII_TEXT = /^[\0-\x7f]*$/
const ASCII_WORD = /[0-9A-Za-z]+/g
/** Marks that people leave out when they type: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels. */
// oxlint-disable-next-line no-misleading-character-class -- single marks are what it is about
const LOOSE_MARKS = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u1dc0-\u1dff\u20d0-\u20ff]/g
const EMOJI_MODIFIERS = /\p{Emoji_Modifier}|\u200d|\ufe0f/gu
const ASCII_SEPARATORS = /[\0-/:-@[-`{-\x7f]/g

/** In front of a conversation's number: a private-use character, which no word of a text can hold. */
const CONVERSATION_PREFIX = '\ue000'
/** `prefix` of the index (migration 1): these many first characters of each word are looked up directly. */
const INDEXED_PREFIX_CHARS = 4
/** Enough to narrow down; all words of the query are compared in the end. */
const MAX_TERMS = 32

interface Word {
  /** Folded: lower case, compatibility forms made plain, accents and skin tones off. */
  readonly word: string
  readonly start: number
  readonly end: number
  /** One character of a script without spaces, or one emoji. */
  readonly single: boolean
}

function fold(word: string): string {
  return word
    .normalize('NFKD')
    .replace(LOOSE_MARKS, '')
    .replace(EMOJI_MODIFIERS, '')
    .replace(ASCII_SEPARATORS, '')
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll('ς', 'σ')
}

function findWords(text: string): Word[] {
  const words: Word[] = []
  const isAscii = ASCII_TEXT.test(text)
  for (const match of text.matchAll(isAscii ? ASCII_WORD : WORD)) {
    const word = isAscii ? match[0].toLowerCase() : fold(match[0])
    const start = match.index
    const single = match.groups?.['single'] !== undefined
    if (word !== '') words.push({ word, start, end: start + match[0].length, single })
  }
  return words
}

function touch(left: Word | undefined, right: Word | undefined): boolean {
  return left !== undefined && right !== undefined && left.end === right.start
}

/** Single characters that touch, two by two: they narrow a search down where one alone is in half of all texts. */
function pairs(words: readonly Word[]): string[] {
  return words.flatMap((word, index) => {
    const next = words[index + 1]
    return word.single && next?.single && touch(word, next) ? [word.word + next.word] : []
  })
}

/** What the index holds of a message: its words, and a word for its conversation. */
export function indexedWords(text: string, conversationId: ConversationId): string {
  const conversation = `${CONVERSATION_PREFIX}${String(conversationId)}`
  if (ASCII_TEXT.test(text)) return `${text} ${conversation}`
  const words = findWords(text)
  return [...words.map(({ word }) => word), ...pairs(words), conversation].join(' ')
}

type Range = readonly [number, number]

/** What a user typed into the search field. All its words must occur; the last one may be a beginning. */
export class SearchQuery {
  readonly #words: readonly Word[]
  readonly #lastIsPrefix: boolean

  private constructor(words: readonly Word[]) {
    this.#words = words
    const last = words.at(-1)
    // One letter is hardly a beginning: taken as such, it would match nearly everything.
    this.#lastIsPrefix = last !== undefined && !last.single && last.word.length > 1
  }

  /** `null` where there is no word in it. */
  static parse(text: string): SearchQuery | null {
    const words = findWords(text)
    return words.length === 0 ? null : new SearchQuery(words)
  }

  /**
   * The query in FTS5's syntax; only words made here get into it, quoted.
   * @param loose - cuts a long beginning to what the index looks up directly: a fast superset.
   */
  matchExpression(conversationId: ConversationId | null, loose: boolean): string {
    const words = this.#words
    const terms = new Set<string>()
    words.forEach((word, index) => {
      const isPrefix = this.#lastIsPrefix && index === words.length - 1
      const isPaired =
        word.single &&
        [words[index - 1], words[index + 1]].some(
          (other) => other?.single && (touch(other, word) || touch(word, other)),
        )
      if (isPaired) return
      const chars = [...word.word]
      const isCut = isPrefix && loose && chars.length > INDEXED_PREFIX_CHARS
      const term = isCut ? chars.slice(0, INDEXED_PREFIX_CHARS).join('') : word.word
      terms.add(`"${term}"${isPrefix ? ' *' : ''}`)
    })
    for (const pair of pairs(words)) terms.add(`"${pair}"`)
    if (conversationId !== null) terms.add(`"${CONVERSATION_PREFIX}${String(conversationId)}"`)
    return [...terms].slice(-MAX_TERMS).join(' ')
  }

  /**
   * Where the query's words occur in a text, as ranges of UTF-16 units without overlap. Words that touch in the
   * query (in scripts without spaces) must touch in the text.
   * @returns `null` where one of them does not occur.
   */
  findIn(text: string): Range[] | null {
    const words = findWords(text)
    const ranges: Range[] = []
    for (const phrase of this.#phrases()) {
      const found = words.flatMap((first, index): Range[] => {
        const last = this.#endOfPhrase(phrase, words, index)
        return last === null ? [] : [[first.start, last.end]]
      })
      if (found.length === 0) return null
      ranges.push(...found)
    }
    return joinRanges(ranges)
  }

  #phrases(): Word[][] {
    const phrases: Word[][] = []
    this.#words.forEach((word, index) => {
      if (touch(this.#words[index - 1], word)) phrases.at(-1)?.push(word)
      else phrases.push([word])
    })
    return phrases
  }

  #endOfPhrase(phrase: readonly Word[], words: readonly Word[], start: number): Word | null {
    for (const [offset, wanted] of phrase.entries()) {
      const word = words[start + offset]
      if (word === undefined) return null
      if (offset > 0 && !touch(words[start + offset - 1], word)) return null
      const isPrefix = this.#lastIsPrefix && wanted === this.#words.at(-1)
      if (isPrefix ? !word.word.startsWith(wanted.word) : word.word !== wanted.word) return null
    }
    return words[start + phrase.length - 1] ?? null
  }
}

function joinRanges(ranges: readonly Range[]): Range[] {
  const joined: [number, number][] = []
  for (const [start, end] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else joined.push([start, end])
  }
  return joined
}
