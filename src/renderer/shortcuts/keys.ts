/** A key combination as the table of commands declares it, for example `Mod+Shift+F`. */
export interface KeyCombination {
  /** Command on macOS, Control elsewhere. */
  readonly mod: boolean
  readonly alt: boolean
  readonly shift: boolean
  /** As `KeyboardEvent.key` gives it; letters in upper case. */
  readonly key: string
}

/** What `matchesKeys` reads of a `KeyboardEvent`. */
export type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'
>

/** Parses a declaration such as `Alt+Shift+ArrowUp`. Throws a RangeError on an unknown modifier. */
export function parseKeys(text: string): KeyCombination {
  const parts = text.split('+')
  const key = parts.pop() ?? ''
  for (const part of parts) {
    if (part !== 'Mod' && part !== 'Alt' && part !== 'Shift') {
      throw new RangeError(`unknown modifier in ${text}`)
    }
  }
  return {
    mod: parts.includes('Mod'),
    alt: parts.includes('Alt'),
    shift: parts.includes('Shift'),
    key,
  }
}

/**
 * Whether a key press is the combination. Letters and digits are also found by their place on the keyboard,
 * so that the shortcuts work under a Cyrillic or Arabic layout. Punctuation is compared by what it types,
 * whatever it takes to type it (`/` is Shift+7 on a German keyboard).
 */
export function matchesKeys(combination: KeyCombination, press: KeyPress, mac: boolean): boolean {
  const mod = mac ? press.metaKey : press.ctrlKey
  const otherMod = mac ? press.ctrlKey : press.metaKey
  if (mod !== combination.mod || otherMod || press.altKey !== combination.alt) return false
  const typed = press.key.length === 1 ? press.key.toUpperCase() : press.key
  if (isPunctuation(combination.key)) return typed === combination.key
  if (press.shiftKey !== combination.shift) return false
  if (typed === combination.key) return true
  const latin = /^[A-Z]$/.test(typed)
  return !latin && press.code === placeOnKeyboard(combination.key)
}

function isPunctuation(key: string): boolean {
  return key.length === 1 && !/[A-Z0-9]/.test(key)
}

function placeOnKeyboard(key: string): string | null {
  if (/^[A-Z]$/.test(key)) return `Key${key}`
  return /^[0-9]$/.test(key) ? `Digit${key}` : null
}
