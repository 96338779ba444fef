import { MAX_TEXT_BYTES, MAX_TEXT_CHARS } from '#shared/text-limits.ts'

/** From here on the room that is left is shown. */
const TELL_BELOW = 1_000

/** How many more characters fit; below zero, how many are too many. `null` while there is plenty of room. */
export function roomLeft(text: string): number | null {
  if (text.length < MAX_TEXT_BYTES / 4) return null
  const bytes = new TextEncoder().encode(text).length
  const left = Math.min(
    MAX_TEXT_CHARS - text.length,
    Math.floor((MAX_TEXT_BYTES - bytes) * (text.length / bytes)),
  )
  return left < TELL_BELOW ? left : null
}
