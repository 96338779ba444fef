import Database from 'better-sqlite3'
import { toStoreError } from './store-error.ts'

export type SqlValue = null | number | string | Uint8Array
/** Named (`@name`) or positional (`?`) values. */
export type SqlValues = readonly SqlValue[] | readonly [Readonly<Record<string, SqlValue>>]
export type Row = Readonly<Record<string, unknown>>

const DATABASE_KEY_BYTES = 32
/** The header of every file of ours, bytes 16 to 24, which stay readable: 4,096-byte pages, WAL, 64 reserved bytes. */
export const PAGE_HEADER = Uint8Array.of(0x10, 0, 2, 2, 64, 64, 32, 32)
export const CIPHER = 'AEGIS-256'
/** What the type definitions of plain better-sqlite3 lack. */
type KeyedDatabase = Database.Database & { key(key: Buffer): number }
const RAW_KEY_PREFIX = Buffer.from('raw:')

/** One statement, prepared at its first use and kept. */
export class Statement {
  readonly #prepare: () => Database.Statement
  #prepared: Database.Statement | null = null

  constructor(prepare: () => Database.Statement) {
    this.#prepare = prepare
  }

  /** Runs a change. */
  run(...values: SqlValues): { changes: number; id: number } {
    try {
      const { changes, lastInsertRowid } = this.#statement().run(...values)
      return { changes, id: Number(lastInsertRowid) }
    } catch (error) {
      throw toStoreError(error)
    }
  }

  /** The first row. */
  get(...values: SqlValues): Row | undefined {
    try {
      return this.#statement().get(...values) as Row | undefined
    } catch (error) {
      throw toStoreError(error)
    }
  }

  /** All rows. */
  all(...values: SqlValues): Row[] {
    try {
      return this.#statement().all(...values) as Row[]
    } catch (error) {
      throw toStoreError(error)
    }
  }

  /** Row by row; nothing else may use the connection until the iteration ends. */
  *iterate(...values: SqlValues): Generator<Row, void, undefined> {
    try {
      yield* this.#statement().iterate(...values) as IterableIterator<Row>
    } catch (error) {
      throw toStoreError(error)
    }
  }

  #statement(): Database.Statement {
    return (this.#prepared ??= this.#prepare())
  }
}

/**
 * A connection to one database file that nobody else uses meanwhile. Every page and every frame of the
 * write-ahead log is sealed with AEGIS-256 under the key; nothing is ever written to a temporary file.
 */
export class Connection {
  readonly path: string
  readonly #db: Database.Database
  readonly #immediate: (work: () => unknown) => unknown

  /**
   * Opens the file, or creates an empty one.
   * @param key - 32 bytes; `null` leaves the file unencrypted, for measuring what encryption costs.
   * @throws StoreError `STORE_DAMAGED` where the first page does not verify; `INTERNAL` where another
   * connection has the file (cause `SQLITE_BUSY`).
   */
  constructor(path: string, key: Uint8Array | null) {
    if (key !== null && key.length !== DATABASE_KEY_BYTES) {
      throw new RangeError('the database key has 32 bytes')
    }
    this.path = path
    this.#db = new Database(path, { timeout: 0 })
    try {
      if (key !== null) this.#unlock(key)
      this.#configure()
    } catch (error) {
      this.#db.close()
      throw toStoreError(error)
    }
    const run = this.#db.transaction((work: () => unknown) => work())
    this.#immediate = (work) => run.immediate(work)
  }

  /** Makes a statement; it is prepared when it is first used. */
  statement(sql: string): Statement {
    return new Statement(() => this.#db.prepare(sql))
  }

  /** Runs statements without values. */
  exec(sql: string): void {
    try {
      this.#db.exec(sql)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  /** Reads or sets a pragma. */
  pragma(pragma: string): unknown {
    try {
      return this.#db.pragma(pragma, { simple: true })
    } catch (error) {
      throw toStoreError(error)
    }
  }

  /** Runs `work` in an immediate transaction, or in a savepoint of the one that is under way. */
  transaction<T>(work: () => T): T {
    try {
      return this.#immediate(work) as T
    } catch (error) {
      throw toStoreError(error)
    }
  }

  /**
   * Runs `work`, which changes several rows, in the transaction that is under way, or in one of its own. Where it
   * throws, a transaction under way must not go on. Without a savepoint, since each makes FTS5 write out a segment.
   */
  atomically<T>(work: () => T): T {
    return this.#db.inTransaction ? work() : this.transaction(work)
  }

  /** Moves the write-ahead log into the file and lets go of both. */
  close(): void {
    this.#db.close()
  }

  #unlock(key: Uint8Array): void {
    const rawKey = Buffer.concat([RAW_KEY_PREFIX, key])
    this.#db.pragma("cipher = 'aegis'")
    ;(this.#db as KeyedDatabase).key(rawKey)
    rawKey.fill(0)
  }

  #configure(): void {
    const pragmas = [
      'page_size = 4096',
      // One process at a time: no shared-memory file, and a second one is refused.
      'locking_mode = EXCLUSIVE',
      'journal_mode = WAL',
      // A commit is on the disk when it returns.
      'synchronous = FULL',
      // What is deleted is overwritten.
      'secure_delete = ON',
      'temp_store = MEMORY',
      'mmap_size = 0',
      'cache_size = -32768',
      'journal_size_limit = 8388608',
      'trusted_schema = OFF',
      'cell_size_check = ON',
    ]
    for (const pragma of pragmas) this.#db.pragma(pragma)
    // Reads the first page, whose tag verifies under the right key only.
    this.#db.pragma('user_version')
  }
}
