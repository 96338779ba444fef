import type { Database } from 'better-sqlite3'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeUtf8 } from '#shared/bytes.ts'

export const SECRET_BYTES = 32

/** Single values of the database: its secret, and when it was restored (milliseconds as text). */
type MetaName = 'secret' | 'restored-ms'

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

/** The root of session keys, made with the database. */
export function ensureSecret(database: Database): Uint8Array {
  database
    .prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING')
    .run('secret', randomBytes(SECRET_BYTES))
  const secret = readMeta(database, 'secret')
  if (secret === null) throw new TypeError('the secret was not stored')
  return secret
}
