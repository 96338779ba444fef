import type { ConversationId, Message, MessageSeq, SearchHit } from '#core/model.ts'
import type {
  MessagePage,
  MessagePageQuery,
  MessageSearchQuery,
  MessageTable,
} from '#core/ports.ts'
import type { ErrorCode } from '#shared/errors.ts'
import type { Connection, Statement } from './connection.ts'
import {
  AUTHOR_ME,
  AUTHOR_THEM,
  authorCode,
  KIND_NOTICE,
  KIND_TEXT,
  KIND_UNREADABLE,
  MESSAGE_COLUMNS,
  messageValues,
  STATE_FAILED,
  STATE_WAITING,
  stateCode,
  toMessage,
  toMessageOrNull,
} from './message-row.ts'
import { bytes, localId } from './row.ts'
import type { WordIndex } from './word-index.ts'

const ITERATED_AT_ONCE = 500
const IDS_AT_MOST = 1000

/** Messages of the other side that count as unread, of the conversation `conversations.id`. */
const UNREAD = `
  messages.conversation_id = conversations.id
  AND messages.seq > ifnull(conversations.read_up_to, 0)
  AND messages.author = ${String(AUTHOR_THEM)} AND messages.kind <> ${String(KIND_NOTICE)}`

export class SqliteMessageTable implements MessageTable {
  readonly #connection: Connection
  readonly #words: WordIndex
  readonly #add: Statement
  readonly #get: Statement
  readonly #byId: Statement
  readonly #older: Statement
  readonly #newer: Statement
  readonly #firstUnread: Statement
  readonly #idsOfTheirs: Statement
  readonly #advanceState: Statement
  readonly #resetFailed: Statement
  readonly #replaceUnreadable: Statement
  readonly #remove: Statement
  readonly #removeAll: Statement

  constructor(connection: Connection, words: WordIndex) {
    this.#connection = connection
    this.#words = words
    const values = MESSAGE_COLUMNS.replaceAll(/\w+/g, '?')
    this.#add = connection.statement(`
      INSERT INTO messages (${MESSAGE_COLUMNS}) VALUES (${values})
      ON CONFLICT (conversation_id, author, id) DO NOTHING`)
    this.#get = connection.statement('SELECT * FROM messages WHERE seq = ?')
    this.#byId = connection.statement(
      'SELECT * FROM messages WHERE conversation_id = ? AND author = ? AND id = ?',
    )
    this.#older = connection.statement(
      'SELECT * FROM messages WHERE conversation_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
    )
    this.#newer = connection.statement(
      'SELECT * FROM messages WHERE conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?',
    )
    this.#firstUnread = connection.statement(`
      SELECT messages.seq FROM conversations JOIN messages ON ${UNREAD}
      WHERE conversations.id = ? ORDER BY messages.seq LIMIT 1`)
    this.#idsOfTheirs = connection.statement(`
      SELECT id FROM messages
      WHERE conversation_id = ? AND seq > ? AND seq <= ?
        AND author = ${String(AUTHOR_THEM)} AND kind = ${String(KIND_TEXT)}
      ORDER BY seq DESC LIMIT ${String(IDS_AT_MOST)}`)
    this.#advanceState = connection.statement(`
      UPDATE messages SET state = @state, error_code = @errorCode
      WHERE seq = @seq AND state < @state AND author = ${String(AUTHOR_ME)}`)
    this.#resetFailed = connection.statement(`
      UPDATE messages SET state = ${String(STATE_WAITING)}, error_code = NULL
      WHERE seq = ? AND state = ${String(STATE_FAILED)}`)
    this.#replaceUnreadable = connection.statement(`
      UPDATE messages SET (${MESSAGE_COLUMNS}) = (${values})
      WHERE seq = ? AND kind = ${String(KIND_UNREADABLE)}`)
    this.#remove = connection.statement('DELETE FROM messages WHERE seq = ?')
    this.#removeAll = connection.statement('DELETE FROM messages WHERE conversation_id = ?')
  }

  add(message: Omit<Message, 'seq'>): Message | null {
    return this.#connection.atomically(() => {
      const { changes, id } = this.#add.run(...messageValues(message))
      if (changes === 0) return null
      const added = { ...message, seq: id as MessageSeq }
      if (added.kind === 'text') this.#words.add(added)
      return added
    })
  }

  get(seq: MessageSeq): Message | null {
    return toMessageOrNull(this.#get.get(seq))
  }

  byId(conversationId: ConversationId, author: 'me' | 'them', id: Uint8Array): Message | null {
    return toMessageOrNull(this.#byId.get(conversationId, authorCode(author), id))
  }

  page({ conversationId, position, limit }: MessagePageQuery): MessagePage {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('a page holds one or more')
    // One more on each side than is shown tells whether there are others.
    const olderThan = (seq: number): Message[] =>
      this.#older.all(conversationId, seq, limit + 1).map(toMessage)
    const newerThan = (seq: number): Message[] =>
      this.#newer.all(conversationId, seq, limit + 1).map(toMessage)
    switch (position.kind) {
      case 'newest':
        return joinPage(olderThan(Number.MAX_SAFE_INTEGER), [], limit, 0)
      case 'before': {
        const page = joinPage(olderThan(position.seq), [], limit, 0)
        const next = this.#newer.get(conversationId, position.seq - 1, 1)
        return { ...page, hasNewer: next !== undefined }
      }
      case 'after': {
        const page = joinPage([], newerThan(position.seq), limit, limit)
        const previous = this.#older.get(conversationId, position.seq + 1, 1)
        return { ...page, hasOlder: previous !== undefined }
      }
      case 'around':
        return joinPage(
          olderThan(position.seq),
          newerThan(position.seq - 1),
          limit,
          Math.ceil(limit / 2),
        )
    }
  }

  firstUnread(conversationId: ConversationId): MessageSeq | null {
    const row = this.#firstUnread.get(conversationId)
    return row === undefined ? null : localId(row, 'seq')
  }

  idsOfTheirs(
    conversationId: ConversationId,
    after: MessageSeq | null,
    upTo: MessageSeq,
  ): Uint8Array[] {
    const rows = this.#idsOfTheirs.all(conversationId, after ?? 0, upTo)
    return rows.map((row) => bytes(row, 'id')).reverse()
  }

  advanceState(seq: MessageSeq, state: Message['state'], errorCode?: ErrorCode): boolean {
    const values = { seq, state: stateCode(state), errorCode: errorCode ?? null }
    return this.#advanceState.run(values).changes > 0
  }

  resetFailed(seq: MessageSeq): void {
    this.#resetFailed.run(seq)
  }

  replaceUnreadable(seq: MessageSeq, message: Omit<Message, 'seq'>): Message {
    return this.#connection.atomically(() => {
      const placeholder = this.get(seq)
      if (
        placeholder?.conversationId !== message.conversationId ||
        placeholder.author !== message.author
      ) {
        throw new RangeError('the placeholder is of another conversation or author')
      }
      if (this.#replaceUnreadable.run(...messageValues(message), seq).changes === 0) {
        throw new RangeError('only an unreadable message can be replaced')
      }
      const replaced = { ...message, seq }
      if (replaced.kind === 'text') this.#words.add(replaced)
      return replaced
    })
  }

  search(query: MessageSearchQuery): SearchHit[] {
    return this.#words.search(query)
  }

  remove(seq: MessageSeq): void {
    this.#connection.atomically(() => {
      const message = this.get(seq)
      if (message?.kind === 'text') this.#words.remove([message])
      this.#remove.run(seq)
    })
  }

  *iterate(conversationId: ConversationId): Generator<Message, void, undefined> {
    for (let last = 0; ;) {
      const rows = this.#newer.all(conversationId, last, ITERATED_AT_ONCE)
      for (const row of rows) {
        const message = toMessage(row)
        last = message.seq
        yield message
      }
      if (rows.length < ITERATED_AT_ONCE) return
    }
  }

  removeAll(conversationId: ConversationId): void {
    this.#connection.atomically(() => {
      const texts = [...this.iterate(conversationId)].filter(({ kind }) => kind === 'text')
      this.#words.remove(texts)
      this.#removeAll.run(conversationId)
    })
  }
}

/**
 * A page of `limit` from what lies on both sides of a position; each side was asked for one more than that.
 * @param older - newest first.
 * @param newer - oldest first.
 * @param newerShare - how many of `newer` are wanted, where `older` can fill the rest.
 */
function joinPage(
  older: readonly Message[],
  newer: readonly Message[],
  limit: number,
  newerShare: number,
): MessagePage {
  const newerCount = Math.min(newer.length, Math.max(newerShare, limit - older.length))
  const olderCount = Math.min(older.length, limit - newerCount)
  return {
    messages: [...older.slice(0, olderCount).reverse(), ...newer.slice(0, newerCount)],
    hasOlder: older.length > olderCount,
    hasNewer: newer.length > newerCount,
  }
}
