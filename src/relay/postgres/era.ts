import { randomBytes } from '#crypto/primitives.ts'
import { ERA_BYTES } from '#protocol/relay-limits.ts'
import type { DatabaseAddress } from './database-url.ts'
import { Primary } from './primary.ts'
import { checkVersion } from './schema.ts'
import { Transactions } from './transactions.ts'

/** Sequences and numbers of accounts that the lost part of the database may have given. */
const SKIPPED = 2 ** 32

const SKIP_IDENTITY = (table: string, column: string): string =>
  `SELECT setval(pg_get_serial_sequence('sotto.${table}', '${column}'),
    nextval(pg_get_serial_sequence('sotto.${table}', '${column}')) + ${SKIPPED})`

/**
 * Begins a new era, after an older copy of the database was restored: what the lost part may have given is given to
 * nobody else. Relays must be started again, since they know the era from their start. A cluster cannot tell this from
 * a fail-over by itself: both begin a new timeline.
 */
export async function beginEra(address: DatabaseAddress, withoutStandbys: boolean): Promise<void> {
  const primary = new Primary({ address, connections: 1, log: () => undefined })
  try {
    const { reads } = await primary.current()
    await checkVersion(reads, address)
    await new Transactions(primary, !withoutStandbys).run(async (transaction) => {
      transaction.send(
        "INSERT INTO meta (name, value) VALUES ('era', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        [randomBytes(ERA_BYTES)],
      )
      transaction.send("DELETE FROM prekeys WHERE kind IN ('one-time', 'kem-one-time')")
      transaction.send('DELETE FROM bundle_replies')
      transaction.send('UPDATE devices SET last_seq = last_seq + $1', [SKIPPED])
      transaction.send(SKIP_IDENTITY('accounts', 'id'))
      transaction.send(SKIP_IDENTITY('devices', 'mailbox'))
    })
  } finally {
    await primary.close()
  }
}
