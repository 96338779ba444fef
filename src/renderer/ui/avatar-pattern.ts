const HUES = 12

export interface AvatarPattern {
  /** Which of the twelve colours. */
  readonly hue: number
  /** Arcs around the initial, in degrees. */
  readonly arcs: readonly {
    readonly radius: number
    readonly start: number
    readonly length: number
  }[]
  readonly initial: string
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** What an account's generated avatar looks like. Equal fingerprints and titles give equal ones. */
export function avatarOf(fingerprint: string, title: string): AvatarPattern {
  const byteAt = (index: number) =>
    Number.parseInt(fingerprint.slice(index * 2, index * 2 + 2), 16) || 0
  return {
    hue: byteAt(0) % HUES,
    arcs: [18, 15.2].map((radius, ring) => ({
      radius,
      start: Math.round((byteAt(1 + ring * 2) / 256) * 360),
      length: 50 + Math.round((byteAt(2 + ring * 2) / 256) * 170),
    })),
    initial: firstLetter(title),
  }
}

function firstLetter(title: string): string {
  for (const { segment } of segmenter.segment(title)) {
    if (/[\p{L}\p{N}]/u.test(segment)) return segment.toLocaleUpperCase()
  }
  return [...segmenter.segment(title.trim())][0]?.segment ?? '?'
}
