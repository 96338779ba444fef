import { Context } from '#core/context.ts'
import { DeviceKeys } from '#core/device-keys.ts'
import type { Relay } from '#core/ports.ts'
import { AgreementKeyPair, randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { RelayClient } from '#relay-client/client.ts'
import { hostile } from '#test/helpers/hostile-relay.ts'
import { ManualClock } from '#test/helpers/manual-clock.ts'
import { address, uniqueBytes } from '../store/builders.ts'
import { newStore } from '../store/stores.ts'

export const OWN_HOST = 'home.example'
const DAY_MS = 86_400_000

/** An open profile with nothing running behind, whose relays do what the test says. */
export function openContext(calls: Partial<Relay> = {}): {
  readonly context: Context
  readonly clock: ManualClock
} {
  const clock = new ManualClock(100 * DAY_MS)
  const relay = { ...hostile(new RelayClient({ clock, random: randomBytes }), {}), ...calls }
  const store = newStore()
  const keys = new DeviceKeys(
    SigningKeyPair.generate(randomBytes),
    AgreementKeyPair.generate(randomBytes),
  )
  store.account.save({
    address: address(`ada@${OWN_HOST}`),
    deviceId: 1,
    displayName: '',
    signingKey: keys.signing.publicKey,
    agreementKey: uniqueBytes(65),
    deviceCertificate: uniqueBytes(100),
    createdAtMs: 0,
    registered: true,
    relayCursor: 0,
  })
  const log = { info() {}, warn() {}, error() {} }
  return { context: new Context({ store, relay, clock, random: randomBytes, log, keys }), clock }
}
