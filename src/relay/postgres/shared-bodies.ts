import type { Transaction } from './transactions.ts'

/**
 * The body of a batch is a row of its own that counts its envelopes, which have an empty body while they wait. Whoever
 * removes envelopes has locked their devices, and lets go of the bodies last, in the order of their numbers.
 */
const LOCK =
  'SELECT id FROM shared_bodies WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE'
const SUBTRACT = `UPDATE shared_bodies SET envelopes = envelopes - gone.count
  FROM unnest($1::bigint[], $2::bigint[]) AS gone (id, count) WHERE shared_bodies.id = gone.id`
const REMOVE = 'DELETE FROM shared_bodies WHERE id = ANY ($1::bigint[]) AND envelopes = 0'

/** The body of an envelope `e`, its own or that of its batch. */
export const BODY = `CASE WHEN e.shared IS NULL THEN e.body
  ELSE (SELECT s.body FROM shared_bodies s WHERE s.id = e.shared) END`

/** Removes the bodies of batches whose last envelope has been removed. */
export function releaseBodies(
  transaction: Transaction,
  removed: readonly { readonly shared: number | null }[],
): void {
  const counts = new Map<number, number>()
  for (const { shared } of removed) {
    if (shared !== null) counts.set(shared, (counts.get(shared) ?? 0) + 1)
  }
  if (counts.size === 0) return
  const ids = [...counts.keys()]
  transaction.send(LOCK, [ids])
  transaction.send(SUBTRACT, [ids, [...counts.values()]])
  transaction.send(REMOVE, [ids])
}
