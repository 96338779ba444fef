import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { OneReceiver } from './one-receiver.ts'
import { RelayProcess, SMALL_HEAP } from './processes.ts'
import { residentBytes } from './process-memory.ts'
import { writeUnlimited } from './unlimited.ts'

const SOAKED_MS = Number(process.env['SOTTO_ROUNDS'] ?? 0) >= 100 ? 10 * 60_000 : 30_000
const RETENTION_MS = 10_000
const RECEIVERS = 8
const SAMPLED_EVERY_MS = 250
const BODY_BYTES = 2_000
/** Every receiver gets so many at a time, no faster: what is kept for the retention is the same throughout. */
const DEPOSITS = 50
const DEPOSITS_EVERY_MS = 400
const MEBIBYTE = 1024 * 1024
/** 40 MB are copied back, 64 MB of the log are kept. */
const MOST_LOG_BYTES = 80 * MEBIBYTE
/** Of what was there after warming up. */
const MOST_GROWTH = 1.15
const GROWTH_SLACK_BYTES = 24 * MEBIBYTE

interface Sample {
  readonly memory: number
  readonly file: number
  readonly log: number
}

const folder = mkdtempSync(join(tmpdir(), 'sotto-soak-'))
const relay = new RelayProcess(
  join(folder, 'relay'),
  writeUnlimited(join(folder, 'relay.json'), { retentionMs: RETENTION_MS }),
  SMALL_HEAP,
)
const receivers = Array.from(
  { length: RECEIVERS },
  (_, index) => new OneReceiver(`soak${index}`, () => relay.host),
)

beforeAll(async () => {
  await relay.start()
  for (const receiver of receivers) await receiver.register()
})
afterAll(async () => {
  await Promise.all(receivers.map((each) => each.close()))
  await relay.kill()
  rmSync(folder, { recursive: true, force: true })
})

function sample(): Sample {
  const bytes = (file: string) => statSync(join(relay.folder, file)).size
  return {
    memory: residentBytes(relay.pid),
    file: bytes('relay.db'),
    log: bytes('relay.db-wal'),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

test(`under load for ${SOAKED_MS / 1_000} s, memory and files stay flat`, async () => {
  const untilMs = performance.now() + SOAKED_MS
  const isOver = () => performance.now() > untilMs
  const samples: Sample[] = []
  const timer = setInterval(() => samples.push(sample()), SAMPLED_EVERY_MS)
  await Promise.all(
    receivers.map(async (receiver) => {
      while (!isOver()) {
        const slot = delay(DEPOSITS_EVERY_MS)
        for (let count = 0; count < DEPOSITS; count++) {
          expect(await receiver.deposit(BODY_BYTES)).toBeNull()
        }
        await receiver.drain()
        expect(receiver.lost()).toEqual([])
        receiver.forget()
        await slot
      }
    }),
  ).finally(() => clearInterval(timer))

  const third = Math.floor(samples.length / 3)
  const warm = samples.slice(third, 2 * third)
  const late = samples.slice(2 * third)
  expect(third).toBeGreaterThan(10)
  for (const what of ['memory', 'file'] as const) {
    const bound = median(warm.map((each) => each[what])) * MOST_GROWTH + GROWTH_SLACK_BYTES
    expect(median(late.map((each) => each[what]))).toBeLessThan(bound)
  }
  expect(Math.max(...samples.map(({ log }) => log))).toBeLessThan(MOST_LOG_BYTES)
  // What has had its time goes, ids included: pages are used again.
  const deposited = receivers.reduce((sum, { total }) => sum + total, 0)
  expect(deposited * BODY_BYTES).toBeGreaterThan(4 * MEBIBYTE)
})
