import type { Message, SearchHit } from '#core/model.ts'
import type { MessageSearchQuery } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { toMessage } from './message-row.ts'
import { integer, text } from './row.ts'
import { indexedWords, SearchQuery } from './search-words.ts'

/** Beyond this number of messages, taking each word out of the index at once would take too long. */
const PURGED_AT_ONCE = 16
const TIDY_PAGES = 32
/** A setting: set while words of removed messages are left in the index, marked as gone. */
const PURGE = 'store.purge'
/** Messages that share the first letters only are passed over; after so many, the index must be exact. */
const LOOSE_MISSES = 64

/** A message as far as the index knows it. */
export type IndexedMessage = Pick<Message, 'seq' | 'text' | 'conversationId'>

/** The full-text index of the messages. */
export class WordIndex {
  readonly #connection: Connection
  readonly #add: Statement
  readonly #remove: Statement
  readonly #configure: Statement
  readonly #match: Statement
  readonly #getSetting: Statement
  readonly #setSetting: Statement
  readonly #clearSetting: Statement
  readonly #totalChanges: Statement
  /** Of the transaction that is under way: not in the index yet. */
  #waiting: IndexedMessage[] = []
  #depth = 0

  // FTS5 wants integers, and a bound number is a floating-point one: hence the casts.
  constructor(connection: Connection) {
    this.#connection = connection
    this.#add = connection.statement('INSERT INTO message_words (rowid, words) VALUES (?, ?)')
    this.#remove = connection.statement(
      "INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)",
    )
    this.#configure = connection.statement(
      'INSERT INTO message_words (message_words, rank) VALUES (?, CAST(? AS INTEGER))',
    )
    this.#match = connection.statement(`
      SELECT messages.* FROM message_words CROSS JOIN messages ON messages.seq = message_words.rowid
      WHERE message_words MATCH ? AND message_words.rowid < CAST(? AS INTEGER)
      ORDER BY message_words.rowid DESC`)
    this.#getSetting = connection.statement('SELECT value FROM settings WHERE name = ?')
    this.#setSetting = connection.statement('INSERT OR REPLACE INTO settings VALUES (?, ?)')
    this.#clearSetting = connection.statement('DELETE FROM settings WHERE name = ?')
    this.#totalChanges = connection.statement('SELECT total_changes() AS changes')
  }

  add(message: IndexedMessage): void {
    if (this.#depth > 0) this.#waiting.push(message)
    else this.#insert(message)
  }

  /**
   * Runs the work of a transaction and indexes its messages at its end, all together: every statement with a journal of
   * its own in between would make FTS5 write out what it has gathered. To be called inside the transaction.
   */
  indexingAtEnd<T>(work: () => T): T {
    this.#depth++
    try {
      const result = work()
      this.indexWaiting()
      return result
    } finally {
      this.#waiting = []
      this.#depth--
    }
  }

  /** To be called before a savepoint: one that is taken back must not take words from before it with it. */
  indexWaiting(): void {
    for (const message of this.#waiting.splice(0)) this.#insert(message)
  }

  #insert({ seq, text, conversationId }: IndexedMessage): void {
    this.#add.run(seq, indexedWords(text, conversationId))
  }

  /**
   * Takes messages out, inside the caller's transaction. A few lose their words at once; of many, the words are
   * marked as gone and leave the file with the next calls of `tidy`.
   */
  remove(messages: readonly IndexedMessage[]): void {
    this.indexWaiting()
    const atOnce = messages.length <= PURGED_AT_ONCE
    if (!atOnce) this.#configure.run('secure-delete', 0)
    for (const { seq, text, conversationId } of messages) {
      this.#remove.run(seq, indexedWords(text, conversationId))
    }
    if (!atOnce) {
      this.#configure.run('secure-delete', 1)
      this.#setSetting.run(PURGE, '"due"')
    }
  }

  /** Rewrites a bounded piece of the index without what is marked as gone. Says whether more is left to do. */
  tidy(): boolean {
    const purge = this.#getSetting.get(PURGE)
    if (purge === undefined) return false
    return this.#connection.atomically(() => {
      // FTS5 starts to merge everything at a negative number of pages, and goes on at a positive one; that
      // nothing was left shows in the number of changes alone (its documentation, "The 'merge' command").
      const before = this.#changes()
      this.#configure.run('merge', text(purge, 'value') === '"due"' ? -TIDY_PAGES : TIDY_PAGES)
      const isDone = this.#changes() - before < 2
      if (isDone) this.#clearSetting.run(PURGE)
      else this.#setSetting.run(PURGE, '"begun"')
      return !isDone
    })
  }

  /** Messages that have all the words, newest first. */
  search({ text, conversationId, beforeSeq, limit }: MessageSearchQuery): SearchHit[] {
    const query = SearchQuery.parse(text)
    if (query === null || limit < 1) return []
    this.indexWaiting()
    const before = beforeSeq ?? Number.MAX_SAFE_INTEGER
    const loose = query.matchExpression(conversationId, true)
    const exact = query.matchExpression(conversationId, false)
    const mayMiss = loose === exact ? Infinity : LOOSE_MISSES
    return (
      collect(this.#match.iterate(loose, before), query, limit, mayMiss) ??
      collect(this.#match.iterate(exact, before), query, limit, Infinity) ??
      []
    )
  }

  #changes(): number {
    const row = this.#totalChanges.get()
    return row === undefined ? 0 : integer(row, 'changes')
  }
}

/** @returns `null` where more than `mayMiss` candidates turned out not to match. */
function collect(
  candidates: Iterable<Row>,
  query: SearchQuery,
  limit: number,
  mayMiss: number,
): SearchHit[] | null {
  const hits: SearchHit[] = []
  let misses = 0
  for (const row of candidates) {
    const message = toMessage(row)
    const ranges = query.findIn(message.text)
    if (ranges !== null) hits.push({ message, conversationId: message.conversationId, ranges })
    else if (++misses > mayMiss) return null
    if (hits.length === limit) break
  }
  return hits
}
