import type { Random } from '#core/ports.ts'

const FIRST_MS = 1_000
const LONGEST_MS = 30_000
const SHORTEST_MS = 100

/** Over this time, the devices of a relay that restarts come back to it. */
const RESTART_SPREAD_MS = 2_000

/**
 * How long to wait before the next try: anything up to a bound that doubles to half a minute, so that those who lost
 * a relay together do not come back together.
 * @param failures - tries that failed in a row, from 1.
 */
export function backoffMs(failures: number, random: Random): number {
  const bound = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16))
  return Math.round(SHORTEST_MS + (bound - SHORTEST_MS) * fraction(random))
}

/** How long to wait before coming back to a relay that said it restarts: all of its devices come at once. */
export function spreadMs(random: Random): number {
  return Math.round(RESTART_SPREAD_MS * fraction(random))
}

/** From 0 to below 1. */
function fraction(random: Random): number {
  const [high = 0, low = 0] = random(2)
  return (high * 256 + low) / 65_536
}
