import { statSync } from 'node:fs'
import type { Store } from '#core/ports.ts'
import { SqliteAccountTable } from './account-table.ts'
import { CIPHER, type Connection } from './connection.ts'
import { SqliteContactTable } from './contact-table.ts'
import { SqliteConversationTable } from './conversation-table.ts'
import { SqliteInboxTable } from './inbox-table.ts'
import { SqliteInviteTable } from './invite-table.ts'
import { SqliteMessageTable } from './message-table.ts'
import { SqliteOutboxTable } from './outbox-table.ts'
import { SqlitePrekeyTable } from './prekey-table.ts'
import { SqliteRelayLogTable } from './relay-log-table.ts'
import { SqliteSessionTable } from './session-table.ts'
import { SqliteSettingsTable } from './settings-table.ts'
import { SqliteTraceTable } from './trace-table.ts'
import { SqliteUnconfirmedTable } from './unconfirmed-table.ts'
import { WordIndex } from './word-index.ts'

/** The store over a connection whose schema is up to date. */
export class SqliteStore implements Store {
  readonly cipher = CIPHER
  readonly account: SqliteAccountTable
  readonly settings: SqliteSettingsTable
  readonly prekeys: SqlitePrekeyTable
  readonly contacts: SqliteContactTable
  readonly invites: SqliteInviteTable
  readonly sessions: SqliteSessionTable
  readonly conversations: SqliteConversationTable
  readonly messages: SqliteMessageTable
  readonly traces: SqliteTraceTable
  readonly outbox: SqliteOutboxTable
  readonly unconfirmed: SqliteUnconfirmedTable
  readonly inbox: SqliteInboxTable
  readonly relayLogs: SqliteRelayLogTable
  readonly #connection: Connection
  readonly #words: WordIndex

  constructor(connection: Connection) {
    this.#connection = connection
    this.#words = new WordIndex(connection)
    this.account = new SqliteAccountTable(connection)
    this.settings = new SqliteSettingsTable(connection)
    this.prekeys = new SqlitePrekeyTable(connection)
    this.messages = new SqliteMessageTable(connection, this.#words)
    this.contacts = new SqliteContactTable(connection, this.messages)
    this.invites = new SqliteInviteTable(connection)
    this.sessions = new SqliteSessionTable(connection)
    this.conversations = new SqliteConversationTable(connection, this.contacts, this.messages)
    this.traces = new SqliteTraceTable(connection)
    this.outbox = new SqliteOutboxTable(connection)
    this.unconfirmed = new SqliteUnconfirmedTable(connection)
    this.inbox = new SqliteInboxTable(connection)
    this.relayLogs = new SqliteRelayLogTable(connection)
  }

  transaction<T>(work: () => T): T {
    this.#words.indexWaiting()
    return this.#connection.transaction(() => this.#words.indexingAtEnd(work))
  }

  tidy(): boolean {
    return this.#words.tidy()
  }

  sizeBytes(): number {
    const { path } = this.#connection
    const sizes = [path, `${path}-wal`].map(
      (file) => statSync(file, { throwIfNoEntry: false })?.size,
    )
    return sizes.reduce((sum: number, size = 0) => sum + size, 0)
  }

  close(): void {
    this.#connection.close()
  }
}
