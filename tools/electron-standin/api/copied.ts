/** What was copied last, by the app or in a page. */
export const copied = { text: '' }
