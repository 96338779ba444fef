import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import manifest from '../../package.json' with { type: 'json' }
import type { StorageStatistics } from './storage-admin.ts'
import type { DepositOutcome } from './storage.ts'

/** What the metrics ask for when they are read. */
export interface MetricSources {
  /** Number of open streams. */
  readonly streams: () => number
  readonly statistics: () => Promise<StorageStatistics>
  /** Free bytes of the disk below the database; `null` where there is none. */
  readonly diskFreeBytes: () => Promise<number | null>
  /** `null`: never, or not of this kind of database. */
  readonly lastBackupMs: () => Promise<number | null>
}

/** Counting a large database takes a while: what was counted is shown for so long. */
const STATISTICS_KEPT_MS = 60_000
/** Below what Prometheus waits, so that a database that hangs hides no other metric. */
const STATISTICS_WITHIN_MS = 5_000

/** @returns `null` where it failed, or was not there in time. */
async function inTime<T>(value: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null)
  })
  const found = await Promise.race([value.catch(() => null), tooLate])
  clearTimeout(timer)
  return found
}

/** Counts for the operator: how much and how fast, never who. */
export class RelayMetrics {
  readonly registry = new Registry()
  /** Envelopes offered, by outcome. Plain numbers: this is the relay's busiest way. */
  readonly deposits: Record<DepositOutcome['outcome'], number> = {
    stored: 0,
    seen: 0,
    refused: 0,
    'mailbox-full': 0,
  }
  readonly deliveries = new Counter({
    name: 'sotto_deliveries_total',
    help: 'Envelopes sent to devices, repetitions included, by transport.',
    labelNames: ['transport'] as const,
    registers: [this.registry],
  })
  readonly acknowledged = new Counter({
    name: 'sotto_acknowledged_total',
    help: 'Envelopes acknowledged by devices.',
    registers: [this.registry],
  })
  readonly rateLimited = new Counter({
    name: 'sotto_rate_limited_total',
    help: 'Requests and deposits refused for their rate, by bucket.',
    labelNames: ['bucket'] as const,
    registers: [this.registry],
  })
  readonly requests = new Histogram({
    name: 'sotto_request_seconds',
    help: 'Time to answer, by route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers: [this.registry],
  })
  readonly commitSizes = new Histogram({
    name: 'sotto_commit_changes',
    help: 'Changes that share one commit.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers: [this.registry],
  })
  readonly commitSeconds = new Histogram({
    name: 'sotto_commit_seconds',
    help: 'Time of a commit, sync to disk included.',
    buckets: [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers: [this.registry],
  })
  #counted: { readonly atMs: number; readonly found: Promise<StorageStatistics | null> } | null =
    null

  constructor() {
    const { registry, deposits } = this
    new Counter({
      name: 'sotto_deposits_total',
      help: 'Envelopes offered, by outcome.',
      labelNames: ['outcome'] as const,
      registers: [registry],
      collect() {
        this.reset()
        for (const [outcome, count] of Object.entries(deposits)) this.inc({ outcome }, count)
      },
    })
  }

  /** For a group of changes that has become durable. */
  readonly onCommit = (changes: number, seconds: number): void => {
    this.commitSizes.observe(changes)
    this.commitSeconds.observe(seconds)
  }

  /** Adds what is asked for when the metrics are read, and the process's own: memory, event loop, descriptors. */
  observe(sources: MetricSources): void {
    collectDefaultMetrics({ register: this.registry })
    this.#gauge('sotto_build_info', 'Always 1; the version is its label.', ['version']).set(
      { version: manifest.version },
      1,
    )
    this.#asked('sotto_streams', 'Open streams.', async () => sources.streams())
    this.#asked(
      'sotto_disk_free_bytes',
      "Space left on the database's disk.",
      sources.diskFreeBytes,
    )
    this.#asked('sotto_last_backup_seconds', 'When "relay backup" last succeeded.', async () => {
      const atMs = await sources.lastBackupMs()
      return atMs === null ? null : atMs / 1_000
    })
    const counted = (name: string, help: string, read: (from: StorageStatistics) => number): void =>
      this.#asked(name, help, async () => {
        const found = await this.#statistics(sources)
        return found === null ? null : read(found)
      })
    counted('sotto_accounts', 'Accounts.', ({ accounts }) => accounts)
    counted('sotto_devices', 'Devices.', ({ devices }) => devices)
    counted('sotto_waiting_envelopes', 'Envelopes that wait.', ({ waiting }) => waiting)
    counted('sotto_waiting_bytes', 'Their bytes.', ({ waitingBytes }) => waitingBytes)
    counted('sotto_database_bytes', 'Size of the database.', ({ databaseBytes }) => databaseBytes)
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] })
  }

  /** A gauge that is missing while nothing is known. */
  #asked(name: string, help: string, read: () => Promise<number | null>): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      async collect() {
        const value = await read()
        if (value === null) this.remove()
        else this.set(value)
      },
    })
  }

  /** @returns `null` while the database does not answer. */
  #statistics(sources: MetricSources): Promise<StorageStatistics | null> {
    const nowMs = Date.now()
    if (this.#counted === null || nowMs - this.#counted.atMs > STATISTICS_KEPT_MS) {
      const found = inTime(sources.statistics(), STATISTICS_WITHIN_MS)
      const counted = { atMs: nowMs, found }
      this.#counted = counted
      void found.then((statistics) => {
        if (statistics === null && this.#counted === counted) this.#counted = null
      })
    }
    return this.#counted.found
  }
}
