import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { valueOf } from './value-of.ts'

const UNLIMITED = { burst: 1_000_000_000, everyMs: 1 }

/** Every rate of a relay, those that will be added included: a quick machine must not run into one in a test of something else. */
export function unlimitedRates(): NonNullable<RelayOptions['rates']> {
  const { rates } = valueOf(relayConfig({}))
  return Object.fromEntries(Object.keys(rates).map((name) => [name, UNLIMITED]))
}
