const BEFORE = 24
const LENGTH = 160

export interface SnippetPart {
  readonly text: string
  readonly hit: boolean
}

/** The part of a message around its first hit, cut where hits begin and end. */
export function snippet(
  text: string,
  ranges: readonly (readonly [number, number])[],
): readonly SnippetPart[] {
  const first = ranges[0]?.[0] ?? 0
  const from = first <= BEFORE ? 0 : text.indexOf(' ', first - BEFORE) + 1 || first - BEFORE
  const start = Math.min(from, first)
  const end = Math.min(text.length, start + LENGTH)
  const parts: SnippetPart[] = []
  let at = start
  const push = (to: number, hit: boolean) => {
    if (to > at) parts.push({ text: text.slice(at, to), hit })
    at = Math.max(at, to)
  }
  if (start > 0) parts.push({ text: '…', hit: false })
  for (const [hitStart, hitEnd] of ranges) {
    if (hitStart >= end) break
    push(Math.min(hitStart, end), false)
    push(Math.min(hitEnd, end), true)
  }
  push(end, false)
  return parts
}
