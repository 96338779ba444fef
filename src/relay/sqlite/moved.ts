import type { Database } from 'better-sqlite3'

/** Names the entry of `meta` that says where a relay's data went. */
export const MOVED = 'moved'

/** Where the data of this file was moved to; `null` where it is in use. */
export function movedTo(database: Database): string | null {
  const row = database
    .prepare<[string], { value: Buffer }>('SELECT value FROM meta WHERE name = ?')
    .get(MOVED)
  return row?.value.toString('utf8') ?? null
}
