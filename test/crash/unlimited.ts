import { writeFileSync } from 'node:fs'
import type { RelayOptions } from '#relay/config.ts'

const bucket = { burst: 1_000_000_000, everyMs: 1 }

/** Limits are tested elsewhere; here they would be in the way. */
export const UNLIMITED: RelayOptions = {
  limits: {
    mailboxEnvelopes: 1_000_000,
    mailboxBytes: 1_000_000_000,
    prekeys: 100_000,
    eventLoopDelayMs: 0,
  },
  rates: {
    registrations: bucket,
    lookups: bucket,
    bundles: bucket,
    oneTimeKeys: bucket,
    deposits: bucket,
    knocks: bucket,
    signed: bucket,
    device: bucket,
  },
}

/** Writes the configuration of a relay without limits. @returns the file. */
export function writeUnlimited(file: string, limits: RelayOptions['limits'] = {}): string {
  writeFileSync(file, JSON.stringify({ ...UNLIMITED, limits: { ...UNLIMITED.limits, ...limits } }))
  return file
}
