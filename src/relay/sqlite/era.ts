import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import type { Database } from 'better-sqlite3'
import { randomBytes } from '#crypto/primitives.ts'
import { ERA_BYTES } from '#protocol/relay-limits.ts'
import { decodeBase64Url, encodeBase64Url, equalPublicBytes } from '#shared/bytes.ts'
import { RESTORE_JUMP } from '../storage-admin.ts'

/** What the file beside the database says: the era, and a count that the database has reached at least. */
interface Mark {
  readonly era: Uint8Array
  readonly progress: number
}

/**
 * The era of a database, and the file beside it by which an older copy of it is recognised. The count grows with every
 * note, in the database first: a database that is behind its file is not the one that ran here last.
 */
export class Era {
  readonly #database: Database
  readonly #file: string | null
  readonly #changes
  readonly #set
  #current: Uint8Array
  #progress: number
  #notedChanges = -1

  /** Begins a new era where the database is behind its file, is another one, or comes without its file. */
  constructor(database: Database, file: string | null) {
    this.#database = database
    this.#file = file
    this.#changes = database.prepare<[], { count: number }>('SELECT total_changes() AS count')
    this.#set = database.prepare<[string, Uint8Array]>(
      'INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    )
    const get = database.prepare<[string], { value: Uint8Array }>(
      'SELECT value FROM meta WHERE name = ?',
    )
    const stored = get.get('era')?.value ?? null
    this.#progress = Number(Buffer.from(get.get('progress')?.value ?? []).toString('latin1'))
    this.#current = stored === null ? randomBytes(ERA_BYTES) : Uint8Array.from(stored)
    if (stored === null) this.#set.run('era', this.#current)
    const mark = file === null ? null : readMark(file)
    // A database from before there were eras has lost nothing by having no file.
    const goesOn =
      mark === null
        ? stored === null
        : equalPublicBytes(mark.era, this.#current) && mark.progress <= this.#progress
    if (file === null || (goesOn && mark !== null)) return
    if (!goesOn) this.begin()
    this.advance()
    this.mark()
  }

  get current(): Uint8Array {
    return this.#current
  }

  /**
   * Begins a new era. What the lost part of the database may have given is given to nobody else: one-time prekeys (they
   * go, devices refill them), sequences of mailboxes, and the numbers of accounts and devices.
   */
  begin(): void {
    const era = randomBytes(ERA_BYTES)
    this.#database.transaction(() => {
      this.#set.run('era', era)
      this.#database.exec(`
        DELETE FROM prekeys WHERE kind IN ('one-time', 'kem-one-time');
        DELETE FROM bundle_replies;
        UPDATE devices SET last_seq = last_seq + ${RESTORE_JUMP};
        UPDATE sqlite_sequence SET seq = seq + ${RESTORE_JUMP} WHERE name IN ('accounts', 'devices')`)
    })()
    this.#current = era
  }

  /** Counts one further, inside a group commit. @returns false where nothing has changed since the last time. */
  advance(): boolean {
    if (this.#file === null || this.#changes.get()?.count === this.#notedChanges) return false
    this.#progress += 1
    this.#set.run('progress', Buffer.from(String(this.#progress), 'latin1'))
    this.#notedChanges = this.#changes.get()?.count ?? -1
    return true
  }

  /** Writes the file; to be called once the count is durable. */
  mark(): void {
    if (this.#file !== null) {
      writeMark(this.#file, { era: this.#current, progress: this.#progress })
    }
  }
}

/** @returns `null` where there is none, or something else. */
function readMark(file: string): Mark | null {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null
    throw cause
  }
  const [, eraText = '', progress = ''] = /^([\w-]{22}) (\d{1,15})\n$/.exec(text) ?? []
  const era = decodeBase64Url(eraText)
  return era?.length === ERA_BYTES ? { era, progress: Number(progress) } : null
}

/** Replaces the file as a whole. It may be older after a loss of power, never newer than the database. */
function writeMark(file: string, { era, progress }: Mark): void {
  const draft = `${file}.new`
  const descriptor = openSync(draft, 'w', 0o600)
  try {
    writeSync(descriptor, `${encodeBase64Url(era)} ${progress}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(draft, file)
}
