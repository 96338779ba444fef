import { expect, test } from 'vitest'
import { reconnectStorm } from './reconnect-storm.ts'

const DEVICES = Number(process.env['SOTTO_ROUNDS'] ?? 0) >= 100 ? 10_000 : 1_000
const ALL_WITHIN_MS = 60_000
const MOMENT_MS = 100

/** The most that happened within one moment. */
function busiest(timesMs: readonly number[]): number {
  const counts = new Map<number, number>()
  for (const timeMs of timesMs) {
    const moment = Math.floor(timeMs / MOMENT_MS)
    counts.set(moment, (counts.get(moment) ?? 0) + 1)
  }
  return Math.max(...counts.values())
}

test(`${DEVICES} devices come back to a relay that was killed, spread out, and get all that waits`, async () => {
  const storm = await reconnectStorm(DEVICES)
  expect(storm.doneAfterMs).toHaveLength(DEVICES)
  expect(storm.repeated).toBe(0)
  expect(Math.max(...storm.doneAfterMs)).toBeLessThan(ALL_WITHIN_MS)
  expect(busiest(storm.onlineAfterMs)).toBeLessThan(DEVICES / 4)
})
