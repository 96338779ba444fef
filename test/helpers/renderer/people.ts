import type { ContactView, ConversationView, MessageView } from '#shared/views.ts'

/** The moment all scripted times count back from: now, to the minute. */
export const NOW_MS = Math.floor(Date.now() / 60_000) * 60_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** 32 bytes in hexadecimal that look like a fingerprint and always are the same for a seed. */
export function fingerprintOf(seed: number): string {
  let state = (seed * 2_654_435_761) >>> 0
  let hex = ''
  while (hex.length < 64) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    hex += (state >>> 16).toString(16).padStart(4, '0')
  }
  return hex
}

export function contact(id: number, title: string, change: Partial<ContactView> = {}): ContactView {
  const name = title
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '.')
    .replaceAll(/^\.|\.$/g, '')
  return {
    id,
    conversationId: id,
    address: `${name === '' ? `person${id}` : name.slice(0, 32)}@relay.example.org`,
    title,
    displayName: title.slice(0, 64),
    petname: '',
    fingerprint: fingerprintOf(id),
    relation: 'accepted',
    verifiedAtMs: null,
    identityChanged: false,
    createdAtMs: NOW_MS - 40 * DAY_MS,
    ...change,
  }
}

export function conversation(
  of: ContactView,
  change: Partial<ConversationView> = {},
): ConversationView {
  return {
    id: of.conversationId,
    contact: of,
    lastMessage: null,
    unreadCount: 0,
    markedUnread: false,
    pinned: false,
    mutedUntilMs: 0,
    archived: false,
    draft: '',
    signedMessages: false,
    ...change,
  }
}

/** One line of a script: who, what, how long after the line before, and what else is special. */
export type Line = readonly [
  author: 'me' | 'them',
  text: string,
  afterMs: number,
  change?: Partial<MessageView>,
]

/** Messages from a script, ending `endsAgoMs` before now. */
export function script(
  conversationId: number,
  firstSeq: number,
  endsAgoMs: number,
  lines: readonly Line[],
): MessageView[] {
  const total = lines.reduce((sum, [, , afterMs]) => sum + afterMs, 0)
  let atMs = NOW_MS - endsAgoMs - total
  return lines.map(([author, text, afterMs, change], index) => {
    atMs += afterMs
    return {
      seq: firstSeq + index,
      conversationId,
      author,
      kind: 'text',
      text,
      notice: null,
      sentAtMs: atMs,
      storedAtMs: atMs,
      state: author === 'me' ? 'read' : 'received',
      errorCode: null,
      replyTo: null,
      signature: 'none',
      ...change,
    }
  })
}
