import { writeFileSync } from 'node:fs'
import type { RelayOptions } from '#relay/config.ts'
import { unlimitedRates } from '#test/helpers/unlimited-rates.ts'

/** Limits are tested elsewhere; here they would be in the way. */
export const UNLIMITED: RelayOptions = {
  limits: {
    mailboxEnvelopes: 1_000_000,
    mailboxBytes: 1_000_000_000,
    prekeys: 100_000,
    eventLoopDelayMs: 0,
  },
  rates: unlimitedRates(),
}

/** Writes the configuration of a relay without limits. @returns the file. */
export function writeUnlimited(file: string, limits: RelayOptions['limits'] = {}): string {
  writeFileSync(file, JSON.stringify({ ...UNLIMITED, limits: { ...UNLIMITED.limits, ...limits } }))
  return file
}
