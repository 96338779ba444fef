/** Longest text of one message, in UTF-16 units: the composer counts down to it, senders and receivers enforce it. */
export const MAX_TEXT_CHARS = 48_000
/** In UTF-8; with it, the longest text and its framing stay below the largest padding bucket. */
export const MAX_TEXT_BYTES = 56_000
/** Longest unsent text that is kept, in UTF-16 units: one that still has to be cut is kept too. */
export const MAX_DRAFT_CHARS = 64_000
/** Longest link that is opened outside, in UTF-16 units. */
export const MAX_LINK_CHARS = 4_000
