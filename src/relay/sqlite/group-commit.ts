import SQLite, { type Database } from 'better-sqlite3'
import { StorageFullError } from '../storage.ts'

interface Job {
  readonly work: () => unknown
  /** Goes on from what the jobs before it hold; every other job finds it written, and nothing held after it. */
  readonly joins: boolean
  readonly resolve: (value: never) => void
  readonly reject: (cause: unknown) => void
}

/** What jobs hold in memory: rows that they have read, and changes held back to write them once for a whole group. */
export interface HeldRows {
  /** Writes the changes. The rows are kept: the next group may need them too. */
  write(): void
  /** Forgets all, since somebody else has changed the database, or the group was rolled back. */
  drop(): void
}

const NOTHING_HELD: HeldRows = { write: () => undefined, drop: () => undefined }

/** Longer groups gain little throughput and hold up the event loop. */
const MAX_GROUP = 256

function sqliteCode(cause: unknown): string | null {
  return cause instanceof SQLite.SqliteError ? cause.code : null
}

/** A failure of the disk or the file: what SQLite holds in memory can no longer be trusted to be durable. */
function isFatal(cause: unknown): boolean {
  return /^SQLITE_(IOERR|CORRUPT|NOTADB|CANTOPEN|READONLY|NOMEM)/.test(sqliteCode(cause) ?? '')
}

/**
 * Runs changes in groups: all that arrived in one turn of the event loop share one transaction and one sync to
 * disk. Each promise resolves after that commit.
 */
export class GroupCommit {
  readonly #database: Database
  readonly #begin
  readonly #commit
  readonly #rollback
  readonly #onFatal: (cause: unknown) => void
  readonly #onCommit: (changes: number, seconds: number) => void
  readonly #held: HeldRows
  readonly #dataVersion
  #queue: Job[] = []
  #scheduled = false
  #seenVersion: number | undefined

  /**
   * @param onFatal - called when the file cannot be trusted any more; the process should end.
   * @param onCommit - called after each commit, for the metrics.
   */
  constructor(
    database: Database,
    onFatal: (cause: unknown) => void,
    held: HeldRows = NOTHING_HELD,
    onCommit: (changes: number, seconds: number) => void = () => undefined,
  ) {
    this.#database = database
    this.#held = held
    // Another one after each commit of another connection.
    this.#dataVersion = database.prepare<[], number>('PRAGMA data_version').pluck()
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#rollback = database.prepare('ROLLBACK')
    this.#onFatal = onFatal
    this.#onCommit = onCommit
  }

  /** @param work - reads and changes the database; may run twice, so it has no other effects. */
  run<T>(work: () => T): Promise<T> {
    return this.#enqueue(work, false)
  }

  /** As {@link run}, for work that keeps to what is held, or has nothing to do with it. */
  join<T>(work: () => T): Promise<T> {
    return this.#enqueue(work, true)
  }

  /** Commits everything that waits, at once. */
  flush(): void {
    while (this.#queue.length > 0) this.#commitGroup(this.#queue.splice(0, MAX_GROUP))
  }

  #enqueue<T>(work: () => T, joins: boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, joins, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#commitGroup(this.#queue.splice(0, MAX_GROUP))
      if (this.#queue.length > 0) this.#schedule()
    })
  }

  #commitGroup(jobs: readonly Job[]): void {
    if (jobs.length === 0) return
    const startMs = performance.now()
    try {
      const values = this.#transaction(() =>
        jobs.map((job) => {
          if (job.joins) return job.work()
          this.#held.write()
          this.#held.drop()
          return job.work()
        }),
      )
      this.#onCommit(jobs.length, (performance.now() - startMs) / 1_000)
      jobs.forEach((job, index) => job.resolve(values[index] as never))
    } catch (cause) {
      if (isFatal(cause)) {
        for (const job of jobs) job.reject(cause)
        this.#onFatal(cause)
      } else if (jobs.length > 1) {
        // One of them failed all: alone, only the culprit does.
        for (const job of jobs) this.#commitGroup([job])
      } else {
        const full = sqliteCode(cause) === 'SQLITE_FULL'
        jobs[0]?.reject(full ? new StorageFullError('no space left', { cause }) : cause)
      }
    }
  }

  #transaction<T>(work: () => T): T {
    this.#begin.run()
    try {
      const version = this.#dataVersion.get()
      if (version !== this.#seenVersion) this.#held.drop()
      this.#seenVersion = version
      const value = work()
      this.#held.write()
      this.#commit.run()
      return value
    } catch (cause) {
      this.#held.drop()
      // SQLite has rolled back by itself after a full disk or a failed write.
      if (this.#database.inTransaction) this.#rollback.run()
      throw cause
    }
  }
}
