import type { Random } from '#core/ports.ts'

const FIRST_MS = 1_000
const LONGEST_MS = 30_000
const SHORTEST_MS = 100

/**
 * How long to wait before the next try: anything up to a bound that doubles to half a minute, so that those who lost
 * a relay together do not come back together.
 * @param failures - tries that failed in a row, from 1.
 */
export function backoffMs(failures: number, random: Random): number {
  const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16))
  const [high = 0, low = 0] = random(2)
  return Math.round(SHORTEST_MS + (bound - SHORTEST_MS) * ((high * 256 + low) / 65_536))
}
