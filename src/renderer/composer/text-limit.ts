/** The most a message holds: characters, and bytes once encoded. The core refuses more. */
const MAX_CHARACTERS = 48_000
const MAX_BYTES = 60_000
/** From here on the room that is left is shown. */
const TELL_BELOW = 1_000

/** How many more characters fit; below zero, how many are too many. `null` while there is plenty of room. */
export function roomLeft(text: string): number | null {
  if (text.length < MAX_BYTES / 4) return null
  const bytes = new TextEncoder().encode(text).length
  const left = Math.min(
    MAX_CHARACTERS - text.length,
    Math.floor((MAX_BYTES - bytes) * (text.length / bytes)),
  )
  return left < TELL_BELOW ? left : null
}
