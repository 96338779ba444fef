import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Context } from '#core/context.ts'
import { DeviceKeys } from '#core/device-keys.ts'
import { registerAccount } from '#core/registration.ts'
import { systemClock } from '#core/system-clock.ts'
import { AgreementKeyPair, randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { makeAddress, type RelayHost } from '#protocol/address.ts'
import { RelayClient } from '#relay-client/client.ts'
import { createStore } from '#store/store.ts'
import { valueOf } from './value-of.ts'

/** What the use cases of one account work with, registered at a relay, with nothing running behind. */
export async function bareClient(
  name: string,
  host: RelayHost,
): Promise<{ readonly context: Context; readonly close: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bare-'))
  const store = valueOf(createStore({ path: join(folder, 'sotto.db'), key: randomBytes(32) }))
  const [signing, agreement] = [
    SigningKeyPair.generate(randomBytes),
    AgreementKeyPair.generate(randomBytes),
  ]
  const keys = new DeviceKeys(signing, agreement)
  const address = makeAddress(name, host)
  store.account.save({
    address,
    deviceId: 1,
    displayName: name,
    signingKey: signing.publicKey,
    agreementKey: agreement.publicKey,
    deviceCertificate: keys.certify(address, 1, Date.now()),
    createdAtMs: Date.now(),
    registered: false,
    relayCursor: 0,
  })
  const relay = new RelayClient({ clock: systemClock, random: randomBytes })
  const log = { info() {}, warn() {}, error() {} }
  const context = new Context({ store, relay, clock: systemClock, random: randomBytes, log, keys })
  valueOf(await registerAccount(context))
  return {
    context,
    close: async () => {
      await relay.close()
      store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
