import type { Line } from './people.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from './people.ts'

const SECONDS_MS = 1_000

/** An everyday conversation with most of what a thread can show. */
export const EVERYDAY: readonly Line[] = [
  ['them', '', 0, { kind: 'notice', notice: 'contact-added' }],
  ['them', 'Found it! The bakery on the corner was keeping your umbrella.', 2 * DAY_MS],
  ['me', 'No way 😄 I had given up on it.', 3 * MINUTE_MS],
  ['me', 'Are they open on Sunday?', 20 * SECONDS_MS],
  ['them', 'Until noon. I can take it with me, I pass by anyway.', 5 * MINUTE_MS],
  ['me', '🙏', 30 * SECONDS_MS],
  ['them', '', DAY_MS, { kind: 'notice', notice: 'verified' }],
  [
    'them',
    'For Saturday we need:\n- bread, the dark one\n- **two** kinds of cheese\n- something with `basil`\n\n> I will bring the wine\n\nand that is _all_.',
    2 * HOUR_MS,
  ],
  [
    'me',
    'I can do the cheese. The recipe is at https://example.org/recipes/basil-and-lemon, it needs an hour.',
    4 * MINUTE_MS,
    {
      replyTo: { seq: null, author: 'them', excerpt: 'For Saturday we need: bread, the dark one' },
    },
  ],
  ['them', '', 6 * MINUTE_MS, { kind: 'unreadable', errorCode: 'MESSAGE_UNREADABLE' }],
  ['them', 'Perfect. Shall we say seven?', DAY_MS, { signature: 'valid' }],
  [
    'me',
    'Seven is good. I will be a little late, the train takes its time.',
    2 * MINUTE_MS,
    { state: 'delivered' },
  ],
  [
    'me',
    '```\n17:42  Hauptbahnhof\n18:31  Altstadt\n18:55  at yours\n```',
    30 * SECONDS_MS,
    { state: 'delivered' },
  ],
  ['me', 'Do you need anything else from the market?', 20 * SECONDS_MS, { state: 'sent' }],
]

/** Right to left, both scripts, mixed with Latin words. */
export const RIGHT_TO_LEFT: readonly Line[] = [
  ['them', 'مرحبا! هل وصلت الرسالة التي أرسلتها أمس؟', DAY_MS],
  ['me', 'نعم، وصلت. شكراً جزيلاً 🌿', 5 * MINUTE_MS],
  ['them', 'الرابط هنا: https://example.org/ar و **هذا مهم** جداً.', 10 * MINUTE_MS],
  ['me', 'שלום, אני אגיע בשעה 19:30 לתחנה Altstadt.', 2 * HOUR_MS],
  ['them', 'ممتاز، أراك هناك. See you there!', 3 * MINUTE_MS],
]

const SENTENCES = [
  'Did you see the light over the harbour this morning?',
  'I will send it tomorrow.',
  'Yes.',
  'The meeting moved to three, the small room on the second floor.',
  'That sounds right to me, let us keep it simple and see how it goes.',
  'Can you bring the blue folder? It should be on the shelf next to the door, behind the plants.',
  'Thank you!',
  'No rush at all.',
  'I think the second version reads better; the first one says the same thing twice.',
  'On my way 🚲',
  'We could also take the later train and have dinner first. The place by the river has a table at eight, I asked.',
  '👍',
  'It rained the whole day.',
]

/** The n-th line of an endless conversation. */
export function endlessLine(n: number): Line {
  const text = SENTENCES[(n * 7) % SENTENCES.length] ?? ''
  const pause = n % 11 === 0 ? 3 * HOUR_MS : n % 3 === 0 ? 9 * MINUTE_MS : 40 * SECONDS_MS
  return [(n * 5) % 7 < 3 ? 'me' : 'them', text, pause]
}

/** A text far longer than a screen. */
export const VERY_LONG = Array.from(
  { length: 90 },
  (_, n) =>
    `${n + 1}. ${SENTENCES[(n * 3) % SENTENCES.length] ?? ''} ${SENTENCES[(n * 5 + 1) % SENTENCES.length] ?? ''}`,
).join('\n\n')
