/** Who takes part: a profile each, in a window each. */
export const PEOPLE = ['Ada', 'Ben'] as const
export type PersonName = (typeof PEOPLE)[number]

/** What they have said before the windows open, in order. */
export const DIALOGUE: readonly (readonly [from: PersonName, text: string])[] = [
  ['Ben', 'Hi Ada! Your invite link worked at once.'],
  ['Ada', 'Hello Ben. So we can talk, and the relay between us only ever sees sealed envelopes.'],
  ['Ben', 'How would I know?'],
  [
    'Ada',
    '**Look for yourself:** open the menu of this message and choose *Inspect*. You see the bytes that the relay has stored, and can flip one bit of them.',
  ],
  ['Ben', 'And then it does not open any more 👍'],
  [
    'Ada',
    'Right. Compare our safety numbers, too. They are under the details of this conversation.',
  ],
  ['Ben', 'Write me something, I am in the other window.'],
]
