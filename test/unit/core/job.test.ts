import { describe, expect, test } from 'vitest'
import { Job, type JobOutcome } from '#core/job.ts'
import { ManualClock } from '#test/helpers/manual-clock.ts'

const silent = { info() {}, warn() {}, error() {} }
const settle = () => new Promise((resolve) => setImmediate(resolve))

function jobOf(run: () => Promise<JobOutcome>) {
  const clock = new ManualClock()
  return { clock, job: new Job('test', { clock, log: silent, random: () => 0.5 }, run) }
}

describe('a job', () => {
  test('runs when woken, and not by itself after an idle outcome', async () => {
    let runs = 0
    const { clock, job } = jobOf(() => {
      runs++
      return Promise.resolve({ kind: 'idle' })
    })
    job.wake()
    await settle()
    expect(runs).toBe(1)
    expect(clock.nextDueMs()).toBeNull()
  })

  test('woken while it runs, runs once more, never twice at once', async () => {
    let running = 0
    let most = 0
    let runs = 0
    const { job } = jobOf(async () => {
      most = Math.max(most, ++running)
      runs++
      await settle()
      running--
      return { kind: 'idle' }
    })
    job.wake()
    job.wake()
    job.wake()
    await settle()
    await settle()
    await settle()
    expect(runs).toBe(2)
    expect(most).toBe(1)
  })

  test('waits longer after each failure, and starts over when woken fresh', async () => {
    const { clock, job } = jobOf(() => Promise.resolve({ kind: 'failed' }))
    job.wake()
    await settle()
    const waits: (number | null)[] = []
    for (let i = 0; i < 12; i++) {
      const due = clock.nextDueMs()
      waits.push(due)
      await clock.advance(due ?? 0)
    }
    expect(waits.slice(0, 4)).toEqual([750, 1_500, 3_000, 6_000])
    expect(waits.at(-1)).toBe(225_000)
    job.wakeFresh()
    await settle()
    expect(clock.nextDueMs()).toBe(750)
  })

  test('waits at least as long as the other side asked for', async () => {
    const { clock, job } = jobOf(() => Promise.resolve({ kind: 'failed', retryAfterMs: 30_000 }))
    job.wake()
    await settle()
    expect(clock.nextDueMs()).toBe(30_000)
  })

  test('goes on after a bug that throws', async () => {
    let runs = 0
    const { clock, job } = jobOf(() => {
      runs++
      return runs === 1 ? Promise.reject(new Error('a bug')) : Promise.resolve({ kind: 'idle' })
    })
    job.wake()
    await settle()
    await clock.advance(clock.nextDueMs() ?? 0)
    expect(runs).toBe(2)
  })

  test('does not run after it was stopped, and stopping waits for the run under way', async () => {
    let ended = false
    let runs = 0
    const { clock, job } = jobOf(async () => {
      runs++
      await settle()
      ended = true
      return { kind: 'again', afterMs: 10 }
    })
    job.wake()
    await job.stop()
    expect(ended).toBe(true)
    job.wake()
    await clock.advance(1_000)
    expect(runs).toBe(1)
  })
})
