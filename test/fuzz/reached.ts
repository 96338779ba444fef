import { expect } from 'vitest'

/**
 * Fuzzing that does not get to something proves nothing about it.
 * @param all - whatever there is.
 * @param reached - what the run came to.
 * @param except - what it cannot come to, each with the reason.
 */
export function expectReached(
  all: readonly (string | number)[],
  reached: ReadonlySet<string | number>,
  except: Readonly<Partial<Record<string | number, string>>> = {},
): void {
  const missed = all.filter((one) => !reached.has(one) && except[one] === undefined)
  expect(missed).toEqual([])
  // An exception that is none any more goes from the list.
  expect([...reached].filter((one) => except[one] !== undefined)).toEqual([])
}
