import { KNOCK_LABEL } from '#protocol/relay-limits.ts'
import { concatBytes } from '#shared/bytes.ts'
import { mailboxLimits, type MailboxRules } from '../rows/mailbox-rules.ts'
import type { DepositedEnvelope, DepositOutcome, MailboxId, MailboxLimits } from '../storage.ts'
import type { BatchTargetRecord } from '../storage-batches.ts'
import { Batches } from './batches.ts'
import { RunAgain, type Transaction, type Transactions } from './transactions.ts'

interface Knock {
  readonly mailbox: MailboxId
  readonly id: Uint8Array
  readonly body: Uint8Array
}

/** One body for many mailboxes. */
interface Batch {
  readonly body: Uint8Array
  readonly targets: readonly BatchTargetRecord[]
}

interface Terms {
  readonly limits: MailboxLimits
  readonly nowMs: number
}

/** Of a deposit that is part of a batch, it says which: the same object for all of one batch. */
interface DepositJob extends DepositedEnvelope, Terms {
  readonly batch: Batch | null
}
type BatchJob = { readonly batch: Batch } & Terms
type KnockJob = Knock & Terms

interface Counters extends MailboxRules {
  readonly mailbox: MailboxId
  readonly seen_ms: number
  last_seq: number
  waiting: number
  waiting_bytes: number
  waiting_knocks: number
}

interface Found extends Counters {
  /** Which job of the batch, from 1. */
  readonly n: number
  readonly seen: boolean
}

interface Token {
  readonly label: Uint8Array
  readonly uses_left: number | null
  readonly expires_ms: number | null
  readonly ended_ms: number | null
}

/** Transactions at once: one works while the other waits for a disk. More only make them smaller, which costs more. */
const LANES = 2
const MAX_JOBS = 256
/** Each has up to 256 targets. */
const MAX_BATCHES = 8
/**
 * The sequence numbers of a mailbox start anew, higher, with every promotion of a standby. A number that a device has
 * seen, of a change that was on the lost server alone, would otherwise be given again: to an envelope which that
 * device's cursor has passed. Leaves 2³³ envelopes to a mailbox and timeline, and 2²⁰ timelines.
 */
export const SEQUENCES_PER_TIMELINE = 2 ** 33

const COUNTERS = `d.mailbox, d.seen_ms, d.last_seq, d.waiting, d.waiting_bytes, d.waiting_knocks,
  r.blocked_ms, r.mailbox_envelopes, r.mailbox_bytes`
const RULES = 'LEFT JOIN account_rules r ON r.account = d.account'
const ASKED = `unnest($1::bytea[], $2::bigint[], $3::bytea[]) WITH ORDINALITY AS asked (hash, device, id, n)
  JOIN tokens t USING (hash) JOIN devices d ON d.account = t.account AND d.device = asked.device`
// Always in the order of their numbers, so that no two processes wait for each other.
const LOCK_BY_TOKEN = `SELECT mailbox FROM devices WHERE mailbox IN (SELECT d.mailbox FROM ${ASKED})
  ORDER BY mailbox FOR NO KEY UPDATE`
// No join: one would be free to read all ids of a mailbox instead of looking one up.
const SEEN = `coalesce((SELECT true FROM envelope_ids e WHERE e.mailbox = d.mailbox AND e.id = asked.id), false) AS seen`
// A statement of its own, begun once the rows are locked: so it sees what their holders before have committed.
const FIND_BY_TOKEN = `SELECT n, ${COUNTERS}, t.label, t.uses_left, t.expires_ms, t.ended_ms, ${SEEN}
  FROM ${ASKED} ${RULES}`
const LOCK_BY_MAILBOX =
  'SELECT mailbox FROM devices WHERE mailbox = ANY ($1::bigint[]) ORDER BY mailbox FOR NO KEY UPDATE'
const FIND_BY_MAILBOX = `SELECT n, ${COUNTERS}, ${SEEN}
  FROM unnest($1::bigint[], $2::bytea[]) WITH ORDINALITY AS asked (mailbox, id, n)
  JOIN devices d ON d.mailbox = asked.mailbox ${RULES}`
const ADD_IDS = `INSERT INTO envelope_ids (mailbox, id, seq, received_ms)
  SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[])`
// The bodies come as one string of bytes: an array would spell them in hexadecimal.
const ADD_ENVELOPES = `INSERT INTO envelopes (mailbox, id, seq, received_ms, knock, label, body, shared)
  SELECT mailbox, id, seq, received_ms, knock, label, substring($9::bytea FROM start FOR length), shared
  FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bigint[], $5::boolean[], $6::bytea[], $7::int[], $8::int[],
    $10::bigint[]) AS added (mailbox, id, seq, received_ms, knock, label, start, length, shared)`
const NEW_BODY_IDS = `SELECT nextval(pg_get_serial_sequence('sotto.shared_bodies', 'id')) AS id
  FROM generate_series(1, $1::int)`
const ADD_BODIES = `INSERT INTO shared_bodies (id, envelopes, body)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])`
const SET_COUNTERS = `UPDATE devices SET last_seq = now.last_seq, waiting = now.waiting,
    waiting_bytes = now.waiting_bytes, waiting_knocks = now.waiting_knocks
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
    AS now (mailbox, last_seq, waiting, waiting_bytes, waiting_knocks)
  WHERE devices.mailbox = now.mailbox`
// Only where nobody else has used them since we looked.
const SET_USES = `UPDATE tokens SET uses_left = now.uses, ended_ms = now.ended
  FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[]) AS now (hash, before, uses, ended)
  WHERE tokens.hash = now.hash AND tokens.uses_left = now.before AND tokens.ended_ms IS NULL`

const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

interface Added {
  readonly mailbox: MailboxId
  readonly id: Uint8Array
  readonly seq: number
  readonly nowMs: number
  readonly isKnock: boolean
  readonly label: Uint8Array
  readonly body: Uint8Array
  readonly batch: Batch | null
}

/** What an envelope of a batch has instead of a body of its own. */
const SHARED = new Uint8Array(0)

/** Decides, one after the other, what becomes of the envelopes of a batch, and writes it all at once. */
class Intake {
  readonly #firstSeq: number
  readonly #mailboxes = new Map<MailboxId, Counters>()
  readonly #ids = new Set<string>()
  readonly #added: Added[] = []

  constructor(timeline: number) {
    this.#firstSeq = (timeline - 1) * SEQUENCES_PER_TIMELINE + 1
  }

  /** A repeated deposit has arrived, whatever has become of its token or mailbox since. */
  isSeen({ seen, mailbox }: Found, id: Uint8Array): boolean {
    return seen || this.#ids.has(`${mailbox} ${keyOf(id)}`)
  }

  store(found: Found, job: DepositJob | KnockJob, label: Uint8Array): DepositOutcome {
    const { id, body, nowMs } = job
    if (this.isSeen(found, id)) return { outcome: 'seen' }
    const { mailbox } = found
    const counters = this.#mailboxes.get(mailbox) ?? { ...found }
    const isKnock = !('tokenHash' in job)
    const knocks = counters.waiting_knocks + Number(isKnock)
    const limits = mailboxLimits(found, job.limits)
    if (
      limits === null ||
      counters.waiting >= limits.envelopes ||
      counters.waiting_bytes + body.length > limits.bytes ||
      knocks > limits.knocks ||
      counters.seen_ms + limits.idleMs < nowMs
    ) {
      return { outcome: 'mailbox-full' }
    }
    counters.last_seq = Math.max(counters.last_seq + 1, this.#firstSeq)
    counters.waiting += 1
    counters.waiting_bytes += body.length
    counters.waiting_knocks = knocks
    this.#mailboxes.set(mailbox, counters)
    this.#ids.add(`${mailbox} ${keyOf(id)}`)
    const batch = 'batch' in job ? job.batch : null
    const own = batch === null ? body : SHARED
    const seq = counters.last_seq
    this.#added.push({ mailbox, id, seq, nowMs, isKnock, label, body: own, batch })
    return { outcome: 'stored', mailbox }
  }

  /** @param bodyIds - one for each batch, as long as there are any. */
  write(transaction: Transaction, bodyIds: readonly number[] = []): void {
    const added = this.#added
    if (added.length === 0) return
    const bodies = this.#bodies(bodyIds)
    if (bodies.size > 0) {
      transaction.send(ADD_BODIES, [
        [...bodies.values()].map(({ id }) => id),
        [...bodies.values()].map(({ envelopes }) => envelopes),
        [...bodies.keys()].map(({ body }) => body),
      ])
    }
    const row = [
      added.map(({ mailbox }) => mailbox),
      added.map(({ id }) => id),
      added.map(({ seq }) => seq),
      added.map(({ nowMs }) => nowMs),
    ]
    transaction.send(ADD_IDS, row)
    let start = 1
    const starts = added.map(({ body }) => (start += body.length) - body.length)
    transaction.send(ADD_ENVELOPES, [
      ...row,
      added.map(({ isKnock }) => isKnock),
      added.map(({ label }) => label),
      starts,
      added.map(({ body }) => body.length),
      concatBytes(...added.map(({ body }) => body)),
      added.map(({ batch }) => (batch === null ? null : (bodies.get(batch)?.id ?? null))),
    ])
    const counters = [...this.#mailboxes.values()]
    transaction.send(SET_COUNTERS, [
      counters.map(({ mailbox }) => mailbox),
      counters.map(({ last_seq }) => last_seq),
      counters.map(({ waiting }) => waiting),
      counters.map(({ waiting_bytes }) => waiting_bytes),
      counters.map(({ waiting_knocks }) => waiting_knocks),
    ])
  }

  /** The batches of which something is stored, with how many envelopes. */
  #bodies(ids: readonly number[]): Map<Batch, { readonly id: number; envelopes: number }> {
    const bodies = new Map<Batch, { readonly id: number; envelopes: number }>()
    for (const { batch } of this.#added) {
      if (batch === null) continue
      const id = ids[bodies.size]
      const body = bodies.get(batch) ?? (id === undefined ? null : { id, envelopes: 0 })
      if (body === null) throw new TypeError('a batch has no number for its body')
      body.envelopes += 1
      bodies.set(batch, body)
    }
    return bodies
  }
}

/** What a transaction uses of the tokens that are good for a number of deposits. */
class TokenUses {
  readonly #used = new Map<
    string,
    { hash: Uint8Array; before: number; left: number; endedMs: number | null }
  >()

  isSpent(hash: Uint8Array): boolean {
    return this.#used.get(keyOf(hash))?.left === 0
  }

  use(hash: Uint8Array, { uses_left: before }: Token, nowMs: number): void {
    if (before === null) return
    const left = (this.#used.get(keyOf(hash))?.left ?? before) - 1
    this.#used.set(keyOf(hash), { hash, before, left, endedMs: left === 0 ? nowMs : null })
  }

  async write(transaction: Transaction): Promise<void> {
    const used = [...this.#used.values()]
    if (used.length === 0) return
    const changed = await transaction.change(SET_USES, [
      used.map(({ hash }) => hash),
      used.map(({ before }) => before),
      used.map(({ left }) => left),
      used.map(({ endedMs }) => endedMs),
    ])
    if (changed < used.length) throw new RunAgain()
  }
}

/** Jobs without a row found no token, device or mailbox. */
function byJob<Row extends Found>(jobs: readonly unknown[], rows: readonly Row[]): (Row | null)[] {
  const found: (Row | null)[] = jobs.map(() => null)
  for (const row of rows) found[row.n - 1] = row
  return found
}

/** A device that was replaced between finding and locking it: found again, it will be the new one. */
function checkLocked(
  locked: readonly { readonly mailbox: MailboxId }[],
  rows: readonly Found[],
): void {
  const mailboxes = new Set(locked.map(({ mailbox }) => mailbox))
  if (rows.some(({ mailbox }) => !mailboxes.has(mailbox))) throw new RunAgain()
}

/** @param batches - how many batches the jobs are of. */
async function deposit(
  transaction: Transaction,
  jobs: readonly DepositJob[],
  batches = 0,
): Promise<readonly DepositOutcome[]> {
  const asked = [
    jobs.map(({ tokenHash }) => tokenHash),
    jobs.map(({ deviceId }) => deviceId),
    jobs.map(({ id }) => id),
  ]
  const [locked, rows, bodyIds] = await Promise.all([
    transaction.query<{ mailbox: MailboxId }>(LOCK_BY_TOKEN, asked),
    transaction.query<Found & Token>(FIND_BY_TOKEN, asked),
    batches === 0 ? [] : transaction.query<{ id: number }>(NEW_BODY_IDS, [batches]),
  ])
  checkLocked(locked, rows)
  const found = byJob(jobs, rows)
  const intake = new Intake(transaction.timeline)
  const uses = new TokenUses()
  const outcomes = jobs.map((job, index): DepositOutcome => {
    const token = found[index] ?? null
    if (token === null) return { outcome: 'refused' }
    const expired = token.expires_ms !== null && token.expires_ms <= job.nowMs
    if (token.ended_ms !== null || expired || uses.isSpent(job.tokenHash)) {
      return { outcome: intake.isSeen(token, job.id) ? 'seen' : 'refused' }
    }
    const result = intake.store(token, job, token.label)
    if (result.outcome === 'stored') uses.use(job.tokenHash, token, job.nowMs)
    return result
  })
  await uses.write(transaction)
  intake.write(
    transaction,
    bodyIds.map(({ id }) => id),
  )
  return outcomes
}

/** Batches are decided target by target, as single deposits are. */
async function depositBatches(
  transaction: Transaction,
  jobs: readonly BatchJob[],
): Promise<readonly (readonly DepositOutcome[])[]> {
  const single = jobs.flatMap(({ batch, limits, nowMs }) =>
    batch.targets.map((target) => ({ ...target, body: batch.body, batch, limits, nowMs })),
  )
  const outcomes = await deposit(transaction, single, jobs.length)
  let start = 0
  return jobs.map(({ batch }) => outcomes.slice(start, (start += batch.targets.length)))
}

async function knock(
  transaction: Transaction,
  jobs: readonly KnockJob[],
): Promise<readonly DepositOutcome[]> {
  const mailboxes = jobs.map(({ mailbox }) => mailbox)
  const [locked, rows] = await Promise.all([
    transaction.query<{ mailbox: MailboxId }>(LOCK_BY_MAILBOX, [mailboxes]),
    transaction.query<Found>(FIND_BY_MAILBOX, [mailboxes, jobs.map(({ id }) => id)]),
  ])
  checkLocked(locked, rows)
  const found = byJob(jobs, rows)
  const intake = new Intake(transaction.timeline)
  const outcomes = jobs.map((job, index): DepositOutcome => {
    const mailbox = found[index] ?? null
    return mailbox === null ? { outcome: 'refused' } : intake.store(mailbox, job, KNOCK_LABEL)
  })
  intake.write(transaction)
  return outcomes
}

/** Puts envelopes into mailboxes, many in one transaction. */
export class Deposits {
  readonly #deposits: Batches<DepositJob, DepositOutcome>
  readonly #batches: Batches<BatchJob, readonly DepositOutcome[]>
  readonly #knocks: Batches<KnockJob, DepositOutcome>

  constructor(transactions: Transactions) {
    this.#deposits = new Batches({
      lanes: LANES,
      maxJobs: MAX_JOBS,
      // What one sender sends to one receiver stays in order.
      laneOf: ({ tokenHash }) => tokenHash[0] ?? 0,
      run: (jobs) => transactions.run((transaction) => deposit(transaction, jobs), jobs.length),
    })
    this.#batches = new Batches({
      lanes: LANES,
      maxJobs: MAX_BATCHES,
      laneOf: ({ batch }) => batch.targets[0]?.tokenHash[0] ?? 0,
      run: (jobs) =>
        transactions.run((transaction) => depositBatches(transaction, jobs), jobs.length),
    })
    this.#knocks = new Batches({
      lanes: 1,
      maxJobs: MAX_JOBS,
      laneOf: () => 0,
      run: (jobs) => transactions.run((transaction) => knock(transaction, jobs), jobs.length),
    })
  }

  deposit(
    envelope: DepositedEnvelope,
    limits: MailboxLimits,
    nowMs: number,
  ): Promise<DepositOutcome> {
    return this.#deposits.add({ ...envelope, batch: null, limits, nowMs })
  }

  depositBatch(
    batch: Batch,
    limits: MailboxLimits,
    nowMs: number,
  ): Promise<readonly DepositOutcome[]> {
    return this.#batches.add({ batch, limits, nowMs })
  }

  knock(envelope: Knock, limits: MailboxLimits, nowMs: number): Promise<DepositOutcome> {
    return this.#knocks.add({ ...envelope, limits, nowMs })
  }

  async close(): Promise<void> {
    await Promise.all([this.#deposits.close(), this.#batches.close(), this.#knocks.close()])
  }
}
