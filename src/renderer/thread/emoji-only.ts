const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const EMOJI = /^(?:\p{RGI_Emoji}|\p{Emoji_Presentation})$/v
const LONGEST = 200

/** How many emoji a text consists of, or 0 where it has anything else or more than six. */
export function emojiCount(text: string): number {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > LONGEST) return 0
  let count = 0
  for (const { segment } of segmenter.segment(trimmed)) {
    if (segment.trim() === '') continue
    if (!EMOJI.test(segment)) return 0
    count += 1
  }
  return count > 6 ? 0 : count
}
