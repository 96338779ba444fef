import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Connection } from './connection.ts'
import type { Migration } from './migrations/migration.ts'

/** Marks the file as Sotto's (`Soto`), inside the encryption. */
const APPLICATION_ID = 0x536f746f

/**
 * Brings the schema up to the last of `migrations`, each step in a transaction of its own, then switches
 * foreign keys on. They are off while steps run, since a step may rebuild a table, and are checked at each end.
 * @throws RangeError where the steps are not numbered 1, 2, 3, …; whatever a step throws, which is undone.
 */
export function migrate(
  connection: Connection,
  migrations: readonly Migration[],
): Result<void, Failure<'STORE_TOO_NEW' | 'STORE_DAMAGED'>> {
  if (migrations.some(({ version }, index) => version !== index + 1)) {
    throw new RangeError('migrations are numbered 1, 2, 3, … without gaps')
  }
  const version = connection.pragma('user_version')
  if (typeof version !== 'number') throw new TypeError('user_version is a number')
  if (version > migrations.length) return err(failure('STORE_TOO_NEW'))
  if (version > 0 && connection.pragma('application_id') !== APPLICATION_ID) {
    return err(failure('STORE_DAMAGED'))
  }
  connection.pragma('foreign_keys = OFF')
  for (const migration of migrations.slice(version)) {
    connection.transaction(() => {
      migration.up(connection)
      if (connection.statement('PRAGMA foreign_key_check').get() !== undefined) {
        throw new RangeError(`migration ${String(migration.version)} breaks a reference`)
      }
      connection.pragma(`application_id = ${String(APPLICATION_ID)}`)
      connection.pragma(`user_version = ${String(migration.version)}`)
    })
  }
  connection.pragma('foreign_keys = ON')
  return ok(undefined)
}
