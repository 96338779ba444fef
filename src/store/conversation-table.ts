import type { ContactId, Conversation, ConversationId, ConversationRow } from '#core/model.ts'
import type { ConversationTable } from '#core/ports.ts'
import type { Connection, Row, SqlValue, Statement } from './connection.ts'
import { toContact } from './contact-table.ts'
import { toMessage } from './message-row.ts'
import { flag, integer, localId, localIdOrNull, text } from './row.ts'

const ROWS = `
  SELECT conversations.*, contacts.*, messages.*
  FROM conversations
  JOIN contacts ON contacts.id = conversations.contact_id
  LEFT JOIN messages ON messages.seq = conversations.last_seq`

export class SqliteConversationTable implements ConversationTable {
  readonly #add: Statement
  readonly #get: Statement
  readonly #byContact: Statement
  readonly #update: Statement
  readonly #rows: Statement
  readonly #row: Statement
  readonly #totalUnread: Statement

  constructor(connection: Connection) {
    this.#add = connection.statement(`
      INSERT INTO conversations (
        contact_id, created_at_ms, pinned, muted_until_ms, archived, marked_unread, draft,
        signed_messages, read_up_to
      ) VALUES (
        @contactId, @createdAtMs, @pinned, @mutedUntilMs, @archived, @markedUnread, @draft,
        @signedMessages, @readUpTo
      )`)
    this.#get = connection.statement('SELECT * FROM conversations WHERE id = ?')
    this.#byContact = connection.statement('SELECT * FROM conversations WHERE contact_id = ?')
    this.#update = connection.statement(`
      UPDATE conversations SET
        pinned = @pinned, muted_until_ms = @mutedUntilMs, archived = @archived,
        marked_unread = @markedUnread, draft = @draft, signed_messages = @signedMessages,
        read_up_to = @readUpTo
      WHERE id = @id`)
    this.#rows = connection.joinStatement(`${ROWS}
      ORDER BY conversations.pinned DESC,
        ifnull(messages.stored_at_ms, conversations.created_at_ms) DESC, conversations.id DESC`)
    this.#row = connection.joinStatement(`${ROWS} WHERE conversations.id = ?`)
    this.#totalUnread = connection.statement(
      'SELECT ifnull(sum(unread_count), 0) AS total FROM conversations',
    )
  }

  add(conversation: Omit<Conversation, 'id'>): Conversation {
    const { id } = this.#add.run(toValues(conversation))
    return { ...conversation, id: id as ConversationId }
  }

  get(id: ConversationId): Conversation | null {
    return toConversationOrNull(this.#get.get(id))
  }

  byContact(contactId: ContactId): Conversation | null {
    return toConversationOrNull(this.#byContact.get(contactId))
  }

  update(
    id: ConversationId,
    change: Partial<Omit<Conversation, 'id' | 'contactId' | 'createdAtMs'>>,
  ): Conversation {
    const conversation = this.get(id)
    if (conversation === null) throw new RangeError('no such conversation')
    const changed = { ...conversation, ...change }
    this.#update.run({ ...toValues(changed), id })
    return changed
  }

  rows(): ConversationRow[] {
    return this.#rows.all().map(toConversationRow)
  }

  row(id: ConversationId): ConversationRow | null {
    const row = this.#row.get(id)
    return row === undefined ? null : toConversationRow(row)
  }

  totalUnread(): number {
    const row = this.#totalUnread.get()
    return row === undefined ? 0 : integer(row, 'total')
  }
}

function toValues(conversation: Omit<Conversation, 'id'>): Record<string, SqlValue> {
  return {
    ...conversation,
    pinned: Number(conversation.pinned),
    archived: Number(conversation.archived),
    markedUnread: Number(conversation.markedUnread),
    signedMessages: Number(conversation.signedMessages),
  }
}

function toConversationOrNull(row: Row | undefined): Conversation | null {
  return row === undefined ? null : toConversation(row)
}

function toConversation(row: Row): Conversation {
  return {
    id: localId(row, 'id'),
    contactId: localId(row, 'contact_id'),
    createdAtMs: integer(row, 'created_at_ms'),
    pinned: flag(row, 'pinned'),
    mutedUntilMs: integer(row, 'muted_until_ms'),
    archived: flag(row, 'archived'),
    markedUnread: flag(row, 'marked_unread'),
    draft: text(row, 'draft'),
    signedMessages: flag(row, 'signed_messages'),
    readUpTo: localIdOrNull(row, 'read_up_to'),
  }
}

/** @param joined - one object per table, by the table's name. */
function toConversationRow(joined: Row): ConversationRow {
  const conversation = joined['conversations'] as Row
  const message = joined['messages'] as Row
  return {
    conversation: toConversation(conversation),
    contact: toContact(joined['contacts'] as Row),
    lastMessage: message['seq'] === null ? null : toMessage(message),
    unreadCount: integer(conversation, 'unread_count'),
  }
}
