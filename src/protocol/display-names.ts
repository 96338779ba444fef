// Names that people give themselves may hold any Unicode. What is shown of them must not pose as something else
// (Unicode Technical Standard #39).

/** Control characters, line breaks, and those that turn the direction of what stands around a name. */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu
/**
 * What is not seen and so makes two names differ that look the same: default ignorables, blank letters, and selectors
 * that have nothing to select from.
 */
const UNSEEN =
  /\u034f|\u17b4|\u17b5|\u180b|\u180c|\u180d|\u180e|\u180f|[\u00ad\u115f\u1160\u200b\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb]|(?<![\p{Emoji}\p{Script=Han}])[\ufe00-\ufe0f]/gu
/** Joiners stay after an emoji, or a letter or mark of a script that needs them. */
const STRAY_JOINERS =
  /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}\p{M}])[\u200c\u200d]/gu

/** A name as it may stand in a line of ours, whoever chose it. Empty where nothing of it can be seen. */
export function cleanDisplayName(name: string): string {
  return name.replace(UNFIT, ' ').replace(UNSEEN, '').replace(STRAY_JOINERS, '').trim()
}

/** The alphabets whose letters pass for one another. */
const ALPHABETS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Lisu}/u,
] as const
const BETWEEN_WORDS = /[^\p{L}\p{M}]+/u

/**
 * Whether one word of a name has letters of several alphabets that pass for one another: a Cyrillic а among Latin
 * letters. Such a name is never shown without the address.
 */
export function mixesAlphabets(name: string): boolean {
  return name
    .normalize('NFKC')
    .split(BETWEEN_WORDS)
    .some((word) => ALPHABETS.filter((alphabet) => alphabet.test(word)).length > 1)
}
