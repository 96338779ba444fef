import type { Message, MessageKind, MessageState, ReplyReference } from '#core/model.ts'
import type { Row, SqlValue } from './connection.ts'
import { bytes, coded, errorCodeOrNull, integer, localId, text } from './row.ts'

// Kept as places in these lists, which therefore only grow at their ends. Migration 1's triggers know
// `them` and `notice`; the order of the outgoing states is the one in which they may move.
const AUTHORS = ['me', 'them'] as const
const KINDS: readonly MessageKind[] = ['text', 'notice', 'unreadable']
const STATES: readonly MessageState[] = [
  'waiting',
  'failed',
  'sent',
  'delivered',
  'read',
  'received',
]
const SIGNATURES = ['none', 'valid', 'invalid'] as const

export const AUTHOR_ME = AUTHORS.indexOf('me')
export const AUTHOR_THEM = AUTHORS.indexOf('them')
export const KIND_TEXT = KINDS.indexOf('text')
export const KIND_NOTICE = KINDS.indexOf('notice')
export const KIND_UNREADABLE = KINDS.indexOf('unreadable')
export const STATE_WAITING = STATES.indexOf('waiting')
export const STATE_FAILED = STATES.indexOf('failed')

export function authorCode(author: Message['author']): number {
  return AUTHORS.indexOf(author)
}

export function stateCode(state: MessageState): number {
  return STATES.indexOf(state)
}

/** The values of a message in the order of `MESSAGE_COLUMNS`. */
export function messageValues(message: Omit<Message, 'seq'>): SqlValue[] {
  const { replyTo } = message
  return [
    message.conversationId,
    message.id,
    authorCode(message.author),
    KINDS.indexOf(message.kind),
    message.text,
    message.sentAtMs,
    message.storedAtMs,
    stateCode(message.state),
    message.errorCode,
    replyTo === null ? null : replyTo.messageId,
    replyTo === null ? null : authorCode(replyTo.author),
    replyTo === null ? null : replyTo.excerpt,
    SIGNATURES.indexOf(message.signature),
  ]
}

export const MESSAGE_COLUMNS =
  'conversation_id, id, author, kind, text, sent_at_ms, stored_at_ms, state, error_code, ' +
  'reply_id, reply_author, reply_excerpt, signature'

export function toMessage(row: Row): Message {
  return {
    seq: localId(row, 'seq'),
    conversationId: localId(row, 'conversation_id'),
    id: bytes(row, 'id'),
    author: coded(row, 'author', AUTHORS),
    kind: coded(row, 'kind', KINDS),
    text: text(row, 'text'),
    sentAtMs: integer(row, 'sent_at_ms'),
    storedAtMs: integer(row, 'stored_at_ms'),
    state: coded(row, 'state', STATES),
    errorCode: errorCodeOrNull(row, 'error_code'),
    replyTo: row['reply_id'] === null ? null : toReplyReference(row),
    signature: coded(row, 'signature', SIGNATURES),
  }
}

export function toMessageOrNull(row: Row | undefined): Message | null {
  return row === undefined ? null : toMessage(row)
}

function toReplyReference(row: Row): ReplyReference {
  return {
    messageId: bytes(row, 'reply_id'),
    author: coded(row, 'reply_author', AUTHORS),
    excerpt: text(row, 'reply_excerpt'),
  }
}
