import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atLeast, atMost, formatTable, median, type BenchRow } from './report.ts'
import type { LoadResult } from './relay-load.ts'
import { load } from './relay-load-process.ts'
import { startSubject } from './relay-subject-process.ts'
import { BODY_BYTES, DRAIN_STREAMS, type Subject } from './relay-subjects.ts'

const GROUP = 'Relay, SQLite, durable (1 KB bodies)'
const DRAIN_EACH = 1_500
const ROUNDS = 7
const RUN_MS = 2_000
const PIPELINES = 4
const ONLINE_COUNT = 5_000
const FLOOR_RATIO = 0.8

function deposits({ port, tokens }: Subject, clients: number): Promise<LoadResult> {
  return load({ kind: 'deposit', port, tokens, clients, forMs: RUN_MS, bodyBytes: BODY_BYTES })
}

function pipelined({ depositsUrl, tokens }: Subject): Promise<LoadResult> {
  const job = { url: depositsUrl, tokens, connections: PIPELINES, forMs: RUN_MS }
  return load({ kind: 'pipeline', ...job, bodyBytes: BODY_BYTES })
}

async function drained(subject: Subject): Promise<LoadResult> {
  const streams = await subject.fill(DRAIN_STREAMS, DRAIN_EACH)
  return load({ kind: 'drain', streams, envelopes: DRAIN_STREAMS * DRAIN_EACH })
}

/** One message after the other to a device that is connected, right after all that was asked of the relay before. */
async function deliveredOnline(relay: Subject): Promise<LoadResult> {
  const [token = ''] = relay.tokens
  const runs: LoadResult[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const [stream] = await relay.fill(1, 0)
    if (stream === undefined) throw new Error('no stream')
    runs.push(
      await load({
        kind: 'online',
        port: relay.port,
        stream,
        token,
        count: ONLINE_COUNT,
        everyMs: 1,
        bodyBytes: BODY_BYTES,
      }),
    )
  }
  return middle(runs)
}

function middle(runs: readonly LoadResult[]): LoadResult {
  const of = (key: keyof LoadResult): number => median(runs.map((one) => one[key]))
  return {
    count: of('count'),
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
  }
}

/** Runs both in turn, so that a busy machine is busy for both. */
async function compare(
  relay: Subject,
  bare: Subject,
  run: (subject: Subject) => Promise<LoadResult>,
): Promise<{ readonly relay: LoadResult; readonly floor: number }> {
  const relayRuns: LoadResult[] = []
  const floorRuns: LoadResult[] = []
  // Once to warm up.
  await run(bare)
  await run(relay)
  for (let round = 0; round < ROUNDS; round++) {
    floorRuns.push(await run(bare))
    relayRuns.push(await run(relay))
  }
  return { relay: middle(relayRuns), floor: middle(floorRuns).perSecond }
}

/** Durable deposits, draining and online delivery, beside Fastify and group commits without any rules. */
export async function runRelayBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-relay-'))
  const startedMs = performance.now()
  const relay = await startSubject('relay', folder)
  const readyMs = performance.now() - startedMs
  const bare = await startSubject('floor', folder)
  try {
    const many = await compare(relay, bare, (subject) => deposits(subject, 64))
    const pipes = await compare(relay, bare, pipelined)
    const one = await deposits(relay, 1)
    const drain = await compare(relay, bare, drained)
    const online = await deliveredOnline(relay)
    const row = (name: string, unit: string, value: number): BenchRow => ({
      group: GROUP,
      name,
      unit,
      value,
    })
    const against = (name: string, measured: { relay: LoadResult; floor: number }): BenchRow =>
      atLeast(row(name, '/s', measured.relay.perSecond), {
        floor: measured.floor,
        floorRatio: FLOOR_RATIO,
      })
    return [
      against('deposits, 64 clients', many),
      row('deposits, 64 clients, floor', '/s', many.floor),
      row('deposits, 64 clients, p50', 'ms', many.relay.p50Ms),
      row('deposits, 64 clients, p99', 'ms', many.relay.p99Ms),
      against(`deposits, pipelined, ${PIPELINES} WebSockets`, pipes),
      row(`deposits, pipelined, floor`, '/s', pipes.floor),
      atLeast(row('deposits, one client', '/s', one.perSecond), { target: 1_800 }),
      row('deposits, one client, p50', 'ms', one.p50Ms),
      row('deposits, one client, p99', 'ms', one.p99Ms),
      against(`drained, ${DRAIN_STREAMS} streams`, drain),
      row(`drained, ${DRAIN_STREAMS} streams, floor`, '/s', drain.floor),
      atMost(row('deposit to online receiver at 1,000/s, p50', 'ms', online.p50Ms), 1),
      atMost(row('deposit to online receiver at 1,000/s, p99', 'ms', online.p99Ms), 5),
      row('start with accounts set up', 'ms', readyMs),
    ]
  } finally {
    await relay.close()
    await bare.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) console.log(formatTable(await runRelayBench()))
