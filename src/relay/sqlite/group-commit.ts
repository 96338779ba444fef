import SQLite, { type Database } from 'better-sqlite3'
import { StorageFullError } from '../storage.ts'

interface Job {
  readonly work: () => unknown
  /** Goes on from what is held back by the jobs before it; every other job finds it written. */
  readonly joins: boolean
  readonly resolve: (value: never) => void
  readonly reject: (cause: unknown) => void
}

/** What the jobs of a group hold back, to write it once for all of them. */
export interface HeldBack {
  write(): void
  /** The group was rolled back: it is as if it had not begun. */
  drop(): void
}

const NOTHING_HELD_BACK: HeldBack = { write: () => undefined, drop: () => undefined }

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
  readonly #heldBack: HeldBack
  #queue: Job[] = []
  #scheduled = false

  /**
   * @param onFatal - called when the file cannot be trusted any more; the process should end.
   * @param onCommit - called after each commit, for the metrics.
   */
  constructor(
    database: Database,
    onFatal: (cause: unknown) => void,
    heldBack: HeldBack = NOTHING_HELD_BACK,
    onCommit: (changes: number, seconds: number) => void = () => undefined,
  ) {
    this.#database = database
    this.#heldBack = heldBack
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

  /** As {@link run}, for work that reads and adds to what is held back instead of the database. */
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
          if (!job.joins) this.#heldBack.write()
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
      const value = work()
      this.#heldBack.write()
      this.#commit.run()
      return value
    } catch (cause) {
      this.#heldBack.drop()
      // SQLite has rolled back by itself after a full disk or a failed write.
      if (this.#database.inTransaction) this.#rollback.run()
      throw cause
    }
  }
}
