const MAX_CHARACTERS = 1_600
const MAX_LINES = 24

/** The beginning of a long text, cut at a line or a word; `null` where it is short enough to show whole. */
export function shorten(text: string): string | null {
  let end = -1
  for (let line = 0; line < MAX_LINES; line += 1) {
    end = text.indexOf('\n', end + 1)
    if (end === -1) break
  }
  const byLines = end === -1 ? text.length : end
  if (byLines === text.length && text.length <= MAX_CHARACTERS) return null
  const cut = Math.min(byLines, MAX_CHARACTERS)
  const space = text.lastIndexOf(' ', cut)
  const at = byLines < MAX_CHARACTERS ? byLines : space > cut - 80 ? space : cut
  // Never between the halves of a character.
  const code = text.charCodeAt(at - 1)
  return text.slice(0, code >= 0xd800 && code <= 0xdbff ? at - 1 : at).trimEnd()
}
