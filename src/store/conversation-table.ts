import type {
  ContactId,
  Conversation,
  ConversationId,
  ConversationRow,
  MessageSeq,
} from '#core/model.ts'
import type { ConversationTable } from '#core/ports.ts'
import type { Connection, Row, SqlValue, Statement } from './connection.ts'
import type { SqliteContactTable } from './contact-table.ts'
import type { SqliteMessageTable } from './message-table.ts'
import { flag, integer, localId, localIdOrNull, text } from './row.ts'
import { StoreError } from './store-error.ts'

export class SqliteConversationTable implements ConversationTable {
  readonly #contacts: SqliteContactTable
  readonly #messages: SqliteMessageTable
  readonly #add: Statement
  readonly #get: Statement
  readonly #byContact: Statement
  readonly #update: Statement
  readonly #list: Statement
  readonly #totalUnread: Statement

  constructor(connection: Connection, contacts: SqliteContactTable, messages: SqliteMessageTable) {
    this.#contacts = contacts
    this.#messages = messages
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
    this.#list = connection.statement(`
      SELECT conversations.* FROM conversations
      LEFT JOIN messages ON messages.seq = conversations.last_seq
      ORDER BY conversations.pinned DESC,
        ifnull(messages.stored_at_ms, conversations.created_at_ms) DESC, conversations.id DESC`)
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
    return this.#list.all().map((row) => this.#toConversationRow(row))
  }

  row(id: ConversationId): ConversationRow | null {
    const row = this.#get.get(id)
    return row === undefined ? null : this.#toConversationRow(row)
  }

  totalUnread(): number {
    const row = this.#totalUnread.get()
    return row === undefined ? 0 : integer(row, 'total')
  }

  #toConversationRow(row: Row): ConversationRow {
    const conversation = toConversation(row)
    const contact = this.#contacts.get(conversation.contactId)
    if (contact === null) throw new StoreError('STORE_DAMAGED')
    const lastSeq = localIdOrNull<MessageSeq>(row, 'last_seq')
    return {
      conversation,
      contact,
      lastMessage: lastSeq === null ? null : this.#messages.get(lastSeq),
      unreadCount: integer(row, 'unread_count'),
    }
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
