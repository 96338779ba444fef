import { createRequire } from 'node:module'
import type { ConversationId, Message } from '#core/model.ts'
import { Connection } from '#store/connection.ts'
import { MESSAGE_COLUMNS, messageValues } from '#store/message-row.ts'
import { migrate } from '#store/migrate.ts'
import { MIGRATIONS } from '#store/migrations/list.ts'
import { SearchQuery, indexedWords } from '#store/search-words.ts'
import { SqliteStore } from '#store/sqlite-store.ts'

type NewMessage = Omit<Message, 'seq'>

/** What is measured, of any store. */
export interface Contender {
  readonly name: string
  /** All in one transaction. */
  insert(messages: readonly NewMessage[]): void
  /** The newest messages of a conversation; how many there were. */
  page(conversationId: ConversationId, limit: number): number
  /** The newest messages with these words; how many there were. */
  search(text: string, limit: number): number
  close(): void
}

/** Our store; `key` null: without encryption, the floor. */
export function ourStore(
  path: string,
  key: Uint8Array | null,
): Contender & { readonly store: SqliteStore } {
  const connection = new Connection(path, key)
  const migrated = migrate(connection, MIGRATIONS)
  if (!migrated.ok) throw new Error(migrated.error.code)
  const store = new SqliteStore(connection)
  return {
    name: key === null ? 'without encryption' : 'Sotto',
    store,
    insert(messages) {
      store.transaction(() => {
        for (const message of messages) store.messages.add(message)
      })
    },
    page: (conversationId, limit) =>
      store.messages.page({ conversationId, position: { kind: 'newest' }, limit }).messages.length,
    search: (text, limit) =>
      store.messages.search({ text, conversationId: null, beforeSeq: null, limit }).length,
    close: () => {
      store.close()
    },
  }
}

interface PeerStatement {
  run(values?: readonly unknown[]): { lastInsertRowid: number }
  all(values?: readonly unknown[]): { seq: number; text: string }[]
}
interface PeerDatabase {
  exec(sql: string): void
  pragma(sql: string): unknown
  prepare(sql: string): PeerStatement
  transaction(work: () => void): () => void
  close(): void
}

/** `@signalapp/sqlcipher` with the same tables, index, triggers and settings; `null` where it is not installed. */
export function sqlcipher(
  path: string,
  key: Uint8Array,
  schema: readonly string[],
): Contender | null {
  const Database = loadSqlcipher()
  if (Database === null) return null
  const db = new Database(path)
  db.pragma(`key = "x'${Buffer.from(key).toString('hex')}'"`)
  for (const pragma of [
    'locking_mode = EXCLUSIVE',
    'journal_mode = WAL',
    'synchronous = FULL',
    'secure_delete = ON',
    'temp_store = MEMORY',
    'cache_size = -32768',
    'foreign_keys = ON',
  ]) {
    db.pragma(pragma)
  }
  for (const sql of schema) db.exec(sql)
  const insert = db.prepare(
    `INSERT INTO messages (${MESSAGE_COLUMNS}) VALUES (${MESSAGE_COLUMNS.replaceAll(/\w+/g, '?')})
     ON CONFLICT (conversation_id, author, id) DO NOTHING`,
  )
  const index = db.prepare('INSERT INTO message_words (rowid, words) VALUES (?, ?)')
  const page = db.prepare(
    'SELECT * FROM messages WHERE conversation_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?',
  )
  const match = db.prepare(`
    SELECT messages.* FROM message_words CROSS JOIN messages ON messages.seq = message_words.rowid
    WHERE message_words MATCH ? ORDER BY message_words.rowid DESC LIMIT ?`)
  return {
    name: '@signalapp/sqlcipher',
    insert(messages) {
      db.transaction(() => {
        for (const message of messages) {
          const { lastInsertRowid } = insert.run(messageValues(message))
          index.run([lastInsertRowid, indexedWords(message.text, message.conversationId)])
        }
      })()
    },
    page: (conversationId, limit) =>
      page.all([conversationId, Number.MAX_SAFE_INTEGER, limit]).length,
    search(text, limit) {
      const query = SearchQuery.parse(text)
      if (query === null) return 0
      const rows = match.all([query.matchExpression(null, false), limit])
      return rows.filter((row) => query.findIn(row.text) !== null).length
    },
    close: () => {
      db.close()
    },
  }
}

function loadSqlcipher(): (new (path: string) => PeerDatabase) | null {
  try {
    const require = createRequire(new URL('peers/package.json', import.meta.url))
    return (require('@signalapp/sqlcipher') as { default: new (path: string) => PeerDatabase })
      .default
  } catch {
    return null
  }
}
