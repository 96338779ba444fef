import { sha256 } from '#crypto/primitives.ts'
import { hasLeadingZeroBits, setWorkNumber, workInput } from '#protocol/relay-work.ts'

/** A relay that wants more than this (about ten seconds) is not believed. */
export const MAX_CLIENT_WORK_BITS = 23
/** Hashes at a time, a few milliseconds, between which the application answers. */
const SLICE = 4_096

/**
 * Does a relay's proof of work (RELAY-API §4.1).
 * @param bits - at most {@link MAX_CLIENT_WORK_BITS}.
 */
export async function solveWork(
  salt: Uint8Array,
  signingKey: Uint8Array,
  name: string,
  bits: number,
): Promise<number> {
  if (bits > MAX_CLIENT_WORK_BITS) throw new RangeError('too much work')
  const input = workInput(salt, signingKey, name)
  for (let number = 0; ; number++) {
    setWorkNumber(input, number)
    if (hasLeadingZeroBits(sha256(input), bits)) return number
    if (number % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve))
  }
}
