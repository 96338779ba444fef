import { fingerprint } from '#crypto/identity.ts'
import { nativeKem } from '#crypto/kem-engine.ts'
import { PREKEY_ROTATION_MS } from '#crypto/prekey-upkeep.ts'
import { runSelfTest } from '#crypto/self-test.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { KeyHealthView } from '#shared/views.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { Keychain } from './ports.ts'

/** A relay that answers later is not waited for: the rest is known here. */
const RELAY_ANSWER_MS = 3_000

/** What protects the keys of this profile, for the settings. Asks the relay how many one-time prekeys are left. */
export async function keyHealth(
  context: Context,
  keychain: Pick<Keychain, 'protection' | 'backend'>,
  cryptoLibrary: string,
): Promise<KeyHealthView> {
  const { store } = context
  const signed = store.prekeys.list('signed').findLast((key) => key.retiredAtMs === null)
  return {
    protection: keychain.protection,
    backend: keychain.backend,
    selfTestPassed: passesSelfTest(context),
    cryptoLibrary,
    nativeMlKem: nativeKem !== null,
    databaseCipher: store.cipher,
    signedPrekeyCreatedAtMs: signed?.createdAtMs ?? null,
    nextRotationAtMs: signed ? signed.createdAtMs + PREKEY_ROTATION_MS : null,
    oneTimePrekeysLeft: await oneTimePrekeysLeft(context),
    fingerprint: encodeHex(fingerprint(context.keys.signing.publicKey)),
  }
}

/** `null` where the relay does not say so, or not soon. */
function oneTimePrekeysLeft(context: Context): Promise<number | null> {
  const { relay, clock } = context
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(RELAY_ANSWER_MS, () => resolve(null))
    relay
      .prekeysLeft(hostOf(context.account().address), context.signer())
      .then((left) => resolve(left.ok ? left.value.oneTime : null), reject)
      .finally(cancel)
  })
}

/** Runs the known answers once more: what passed at the start could have been broken since. */
function passesSelfTest(context: Context): boolean {
  try {
    runSelfTest()
    return true
  } catch (cause) {
    context.log.error('self-test', cause)
    return false
  }
}
