/** How long a guesser would need, in words: too short to be taken, then four levels. */
export type PassphraseStrength = 'too-short' | 'weak' | 'fair' | 'good' | 'strong'

/** What the vault takes at least. */
export const MIN_PASSPHRASE_CHARS = 8

const LEVELS: readonly (readonly [minBits: number, strength: PassphraseStrength])[] = [
  [70, 'strong'],
  [48, 'good'],
  [33, 'fair'],
]

/** Bits that one more letter of a word adds: far fewer than those of a random letter. */
const BITS_PER_WORD = 11
const WORD_CHARS = 4

const COMMON =
  /^(?:pass(?:word|wort|phrase)?|contraseña|motdepasse|qwert[yz](?:uiop)?|azerty|letmein|sotto|admin|welcome|iloveyou)[\d\W]*$/i

/**
 * Estimates a passphrase, as a hint while typing. Runs (`aaaa`, `1234`) count once, words count as words
 * from a list, and everything else as random characters of the kinds used.
 */
export function passphraseStrength(passphrase: string): PassphraseStrength {
  if ([...passphrase].length < MIN_PASSPHRASE_CHARS) return 'too-short'
  if (COMMON.test(passphrase)) return 'weak'
  const bits = estimateBits(collapseRuns(passphrase))
  return LEVELS.find(([minBits]) => bits >= minBits)?.[1] ?? 'weak'
}

function estimateBits(text: string): number {
  const words = text.match(/\p{L}{4,}/gu) ?? []
  const distinct = new Set(words.map((word) => word.toLowerCase()))
  const wordBits = [...distinct].reduce((sum, word) => sum + bitsOfWord(word), 0)
  const rest = text.replace(/\p{L}{4,}|\s+/gu, '')
  return wordBits + [...rest].length * bitsPerCharacter(rest)
}

function bitsOfWord(word: string): number {
  const unpronounceable = !/[aeiouyäöüáéíóúàèâêîôû]/iu.test(word)
  const perCharacter = unpronounceable ? 4.5 : 1.2
  return BITS_PER_WORD + Math.max(0, [...word].length - WORD_CHARS) * perCharacter
}

function bitsPerCharacter(text: string): number {
  let kinds = 0
  if (/\p{Ll}/u.test(text)) kinds += 26
  if (/\p{Lu}/u.test(text)) kinds += 26
  if (/\d/.test(text)) kinds += 10
  if (/[^\p{L}\d]/u.test(text)) kinds += 30
  return Math.log2(Math.max(kinds, 2))
}

/** Leaves the first two characters of a run of equal or consecutive ones. */
function collapseRuns(text: string): string {
  const kept: string[] = []
  const codes = [...text].map((character) => character.codePointAt(0) ?? 0)
  for (const [index, code] of codes.entries()) {
    const step = code - (codes[index - 1] ?? Number.NaN)
    const stepBefore = (codes[index - 1] ?? Number.NaN) - (codes[index - 2] ?? Number.NaN)
    if (step === stepBefore && Math.abs(step) <= 1) continue
    kept.push(String.fromCodePoint(code))
  }
  return kept.join('')
}
