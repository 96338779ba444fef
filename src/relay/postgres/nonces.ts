import { Batches } from './batches.ts'
import type { Transaction, Transactions } from './transactions.ts'

interface NonceJob {
  readonly hash: Uint8Array
  readonly expiresAtMs: number
}

const MAX_JOBS = 256

const ADD = `INSERT INTO nonces (hash, expires_ms)
  SELECT * FROM unnest($1::bytea[], $2::bigint[]) AS used (hash, expires_ms) ORDER BY hash
  ON CONFLICT DO NOTHING RETURNING hash`

const hex = (hash: Uint8Array): string => Buffer.from(hash).toString('hex')

async function use(
  transaction: Transaction,
  jobs: readonly NonceJob[],
): Promise<readonly boolean[]> {
  const rows = await transaction.query<{ hash: Uint8Array }>(ADD, [
    jobs.map(({ hash }) => hash),
    jobs.map(({ expiresAtMs }) => expiresAtMs),
  ])
  const added = new Set(rows.map(({ hash }) => hex(hash)))
  // The same one twice in a batch: the first has used it.
  return jobs.map(({ hash }) => added.delete(hex(hash)))
}

/** Nonces of signed requests, good once at all processes together. */
export class NonceTable {
  readonly #batches: Batches<NonceJob, boolean>

  constructor(transactions: Transactions) {
    this.#batches = new Batches({
      lanes: 1,
      maxJobs: MAX_JOBS,
      laneOf: () => 0,
      run: (jobs) => transactions.run((transaction) => use(transaction, jobs), jobs.length),
    })
  }

  use(hash: Uint8Array, expiresAtMs: number): Promise<boolean> {
    return this.#batches.add({ hash, expiresAtMs })
  }

  close(): Promise<void> {
    return this.#batches.close()
  }
}
