import { randomBytes } from '#crypto/primitives.ts'
import { ERA_BYTES } from '#protocol/relay-limits.ts'
import { RESTORE_JUMP } from '../storage-admin.ts'
import type { DatabaseAddress } from './database-url.ts'
import { SEQUENCES_PER_TIMELINE } from './deposits.ts'
import { SECRET_BYTES, setMeta } from './meta.ts'
import { Primary } from './primary.ts'
import { checkVersion } from './schema.ts'
import { Transactions, type Transaction } from './transactions.ts'

const skipIdentity = (table: string, column: string): string =>
  `SELECT setval(pg_get_serial_sequence('sotto.${table}', '${column}'),
    nextval(pg_get_serial_sequence('sotto.${table}', '${column}')) + ${RESTORE_JUMP})`

/**
 * From the highest of all: a mailbox that was empty at the time of the copy may have had the first number of a later
 * timeline since, and its next one is the first of the present timeline.
 */
const SKIP_SEQUENCES = `UPDATE devices
  SET last_seq = greatest((SELECT max(last_seq) FROM devices), $1::bigint) + ${RESTORE_JUMP}`

const CHANGES = [
  // A statement about all devices takes as long as it takes.
  'SET LOCAL statement_timeout = 0',
  "DELETE FROM prekeys WHERE kind IN ('one-time', 'kem-one-time')",
  'DELETE FROM bundle_replies',
  'DELETE FROM invite_codes',
  skipIdentity('accounts', 'id'),
  skipIdentity('devices', 'mailbox'),
]

/** Makes a copy safe that was brought back (RELAY-API §9 and §10): what the lost part may have given is not given again. */
export async function markRestored(transaction: Transaction, nowMs: number): Promise<void> {
  setMeta(transaction, 'era', randomBytes(ERA_BYTES))
  setMeta(transaction, 'secret', randomBytes(SECRET_BYTES))
  setMeta(transaction, 'restored-ms', nowMs)
  for (const change of CHANGES) transaction.send(change)
  transaction.send(SKIP_SEQUENCES, [(transaction.timeline - 1) * SEQUENCES_PER_TIMELINE])
}

/**
 * Begins a new era, after an older copy of the database was restored. Relays must be started again, since they know
 * the era from their start. A cluster cannot tell this from a fail-over by itself: both begin a new timeline.
 */
export async function beginEra(
  address: DatabaseAddress,
  withoutStandbys: boolean,
  nowMs: number,
): Promise<void> {
  const primary = new Primary({ address, connections: 1, log: () => undefined })
  try {
    const { reads } = await primary.current()
    await checkVersion(reads, address)
    await new Transactions(primary, !withoutStandbys).run((transaction) =>
      markRestored(transaction, nowMs),
    )
  } finally {
    await primary.close()
  }
}
