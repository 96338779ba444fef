// Texts like people's: a vocabulary of 50,000 words used by Zipf's law, 4 to 19 words a message. The same in each run.

const VOCABULARY = 50_000
const SYLLABLES = 'ka lo mi ren ta su vi on el dra pe shi no ber ul gi fa mo tes an qui zo'.split(
  ' ',
)

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The word of a rank; frequent ones are short. Ranks give different words, since they are written in syllables. */
function wordOf(rank: number): string {
  let word = ''
  for (let rest = rank + 1; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) {
    word += SYLLABLES[rest % SYLLABLES.length] ?? ''
  }
  return word
}

export const WORDS: readonly string[] = Array.from({ length: VOCABULARY }, (_, rank) =>
  wordOf(rank),
)

export function text(random: () => number): string {
  const words: string[] = []
  const count = 4 + Math.floor(random() * 16)
  for (let i = 0; i < count; i++) {
    const rank = Math.floor(Math.exp(random() * Math.log(VOCABULARY))) - 1
    words.push(WORDS[rank] ?? '')
  }
  return words.join(' ')
}
