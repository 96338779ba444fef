import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { DepositOutcome } from './storage.ts'

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
  readonly requests = new Histogram({
    name: 'sotto_request_seconds',
    help: 'Time to answer, by route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    registers: [this.registry],
  })

  /** @param streams - number of open streams, asked for when the metrics are read. */
  constructor(streams: () => number) {
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
    new Gauge({
      name: 'sotto_streams',
      help: 'Open streams.',
      registers: [registry],
      collect() {
        this.set(streams())
      },
    })
  }

  /** Adds the process's own: memory, event loop, file descriptors. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry })
  }
}
