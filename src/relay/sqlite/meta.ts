import type { Database } from 'better-sqlite3'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeUtf8 } from '#shared/bytes.ts'

export const SECRET_BYTES = 32

/** Single values of the database: its secret, the scalar that signs its log, and when it was restored (milliseconds as text). */
type MetaName = 'secret' | 'log key' | 'restored-ms'

/** @returns `null` where there is no such value. */
export function readMeta(database: Database, name: MetaName): Uint8Array | null {
  const find = database.prepare<[string], { value: Uint8Array }>(
    'SELECT value FROM meta WHERE name = ?',
  )
  return find.get(name)?.value ?? null
}

export function writeMeta(database: Database, name: MetaName, value: Uint8Array | number): void {
  database
    .prepare<[string, Uint8Array]>('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)')
    .run(name, typeof value === 'number' ? encodeUtf8(String(value)) : value)
}

/** A value that is made with the database; the first of two processes that make it at once decides. */
export function ensureMeta(
  database: Database,
  name: MetaName,
  generate: () => Uint8Array,
): Uint8Array {
  const before = readMeta(database, name)
  if (before !== null) return before
  database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run(name, generate())
  const value = readMeta(database, name)
  if (value === null) throw new TypeError(`${name} was not stored`)
  return value
}

/** The root of session keys. */
export function ensureSecret(database: Database): Uint8Array {
  return ensureMeta(database, 'secret', () => randomBytes(SECRET_BYTES))
}
