import { storedEnvelope, type EnvelopeRow } from '../rows/envelopes.ts'
import type { Acknowledged, MailboxId, StoredEnvelope } from '../storage.ts'
import { Batches } from './batches.ts'
import { BODY, releaseBodies } from './shared-bodies.ts'
import type { Transaction, Transactions } from './transactions.ts'

interface AckJob {
  readonly mailbox: MailboxId
  readonly which: Acknowledged
}

interface TouchJob {
  readonly mailbox: MailboxId
  readonly nowMs: number
}

interface RemovedRow {
  readonly mailbox: MailboxId
  readonly seq: number
  readonly id: Uint8Array
  readonly knock: boolean
  readonly bytes: number
  readonly shared: number | null
}

type NoEnvelopeRow = { readonly [Column in keyof EnvelopeRow]: null }

const LANES = 2
const MAX_JOBS = 256

// The first whatever its size; the lengths are known without reading the bodies. One row without an envelope where none
// waits, none at all where there is no such device.
const WAITING = `SELECT seq, id, label, received_ms, body FROM devices LEFT JOIN (
    SELECT *, sum(length(body)) OVER (ORDER BY seq) AS bytes FROM (
      SELECT seq, id, label, received_ms, ${BODY} AS body FROM envelopes e
      WHERE mailbox = $1 AND seq > $2 ORDER BY seq LIMIT $3
    ) AS next
  ) AS counted ON bytes <= $4 OR bytes = length(body) WHERE devices.mailbox = $1 ORDER BY seq`
export const LOCK_DEVICES =
  'SELECT mailbox FROM devices WHERE mailbox = ANY ($1::bigint[]) ORDER BY mailbox FOR NO KEY UPDATE'
const REMOVED = `RETURNING e.mailbox, e.seq, e.id, e.knock, e.shared, length(${BODY}) AS bytes`
const REMOVE_THROUGH = `DELETE FROM envelopes e USING unnest($1::bigint[], $2::bigint[]) AS gone (mailbox, through)
  WHERE e.mailbox = gone.mailbox AND e.seq <= gone.through ${REMOVED}`
const REMOVE_IDS = `DELETE FROM envelopes e USING unnest($1::bigint[], $2::bytea[]) AS gone (mailbox, id)
  JOIN envelope_ids i ON i.mailbox = gone.mailbox AND i.id = gone.id
  WHERE e.mailbox = i.mailbox AND e.seq = i.seq ${REMOVED}`
const SUBTRACT = `UPDATE devices SET waiting = devices.waiting - gone.count,
    waiting_bytes = devices.waiting_bytes - gone.bytes, waiting_knocks = devices.waiting_knocks - gone.knocks
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS gone (mailbox, count, bytes, knocks)
  WHERE devices.mailbox = gone.mailbox`
const TOUCH = `UPDATE devices SET seen_ms = greatest(devices.seen_ms, now.ms)
  FROM unnest($1::bigint[], $2::bigint[]) AS now (mailbox, ms) WHERE devices.mailbox = now.mailbox`

/** Keeps the sums of what waits right after envelopes were removed. The devices are locked. */
export function subtractRemoved(
  transaction: Transaction,
  removed: readonly {
    readonly mailbox: MailboxId
    readonly bytes: number
    readonly knock: boolean
  }[],
): void {
  const sums = new Map<MailboxId, { count: number; bytes: number; knocks: number }>()
  for (const { mailbox, bytes, knock } of removed) {
    const sum = sums.get(mailbox) ?? { count: 0, bytes: 0, knocks: 0 }
    sums.set(mailbox, sum)
    sum.count += 1
    sum.bytes += bytes
    sum.knocks += Number(knock)
  }
  const of = (part: 'count' | 'bytes' | 'knocks') => [...sums.values()].map((sum) => sum[part])
  if (sums.size === 0) return
  transaction.send(SUBTRACT, [[...sums.keys()], of('count'), of('bytes'), of('knocks')])
}

const hex = (id: Uint8Array): string => Buffer.from(id).toString('hex')

/** Which job of a batch removed each envelope: the first that names it. */
function countByJob(jobs: readonly AckJob[], removed: readonly RemovedRow[]): readonly number[] {
  const counts = jobs.map(() => 0)
  const idsOf = jobs.map(({ which }) => ('ids' in which ? new Set(which.ids.map(hex)) : null))
  for (const row of removed) {
    const first = jobs.findIndex(
      ({ mailbox, which }, index) =>
        mailbox === row.mailbox &&
        ('through' in which ? row.seq <= which.through : idsOf[index]?.has(hex(row.id)) === true),
    )
    counts[first] = (counts[first] ?? 0) + 1
  }
  return counts
}

async function acknowledge(
  transaction: Transaction,
  jobs: readonly AckJob[],
): Promise<readonly number[]> {
  const through = jobs.flatMap(({ mailbox, which }) =>
    'through' in which ? [{ mailbox, seq: which.through }] : [],
  )
  const ids = jobs.flatMap(({ mailbox, which }) =>
    'ids' in which ? which.ids.map((id) => ({ mailbox, id })) : [],
  )
  transaction.send(LOCK_DEVICES, [jobs.map(({ mailbox }) => mailbox)])
  const removed = await Promise.all([
    transaction.query<RemovedRow>(REMOVE_THROUGH, [
      through.map(({ mailbox }) => mailbox),
      through.map(({ seq }) => seq),
    ]),
    ids.length === 0
      ? []
      : transaction.query<RemovedRow>(REMOVE_IDS, [
          ids.map(({ mailbox }) => mailbox),
          ids.map(({ id }) => id),
        ]),
  ])
  subtractRemoved(transaction, removed.flat())
  releaseBodies(transaction, removed.flat())
  return countByJob(jobs, removed.flat())
}

async function touch(
  transaction: Transaction,
  jobs: readonly TouchJob[],
): Promise<readonly undefined[]> {
  const latest = new Map(jobs.map(({ mailbox, nowMs }) => [mailbox, nowMs]))
  transaction.send(LOCK_DEVICES, [[...latest.keys()]])
  transaction.send(TOUCH, [[...latest.keys()], [...latest.values()]])
  return jobs.map(() => undefined)
}

/** What devices do with their queues of envelopes. */
export class MailboxTables {
  readonly #transactions: Transactions
  readonly #acks: Batches<AckJob, number>
  readonly #touches: Batches<TouchJob, undefined>

  constructor(transactions: Transactions) {
    this.#transactions = transactions
    this.#acks = new Batches({
      lanes: LANES,
      maxJobs: MAX_JOBS,
      laneOf: ({ mailbox }) => mailbox,
      run: (jobs) => transactions.run((transaction) => acknowledge(transaction, jobs), jobs.length),
    })
    this.#touches = new Batches({
      lanes: 1,
      maxJobs: MAX_JOBS,
      laneOf: () => 0,
      run: (jobs) => transactions.run((transaction) => touch(transaction, jobs), jobs.length),
    })
  }

  async waiting(
    mailbox: MailboxId,
    after: number,
    limit: number,
    maxBytes: number,
  ): Promise<readonly StoredEnvelope[] | null> {
    const values = [mailbox, after, limit, maxBytes]
    const rows = await this.#transactions.read<EnvelopeRow | NoEnvelopeRow>(WAITING, values)
    if (rows.length === 0) return null
    return rows.flatMap((row) => (row.seq === null ? [] : [storedEnvelope(row)]))
  }

  acknowledge(mailbox: MailboxId, which: Acknowledged): Promise<number> {
    return this.#acks.add({ mailbox, which })
  }

  touch(mailbox: MailboxId, nowMs: number): Promise<void> {
    return this.#touches.add({ mailbox, nowMs })
  }

  async close(): Promise<void> {
    await Promise.all([this.#acks.close(), this.#touches.close()])
  }
}
