import { fingerprint } from '#crypto/identity.ts'
import { nativeKem } from '#crypto/kem-engine.ts'
import { PREKEY_ROTATION_MS } from '#crypto/prekey-upkeep.ts'
import { runSelfTest } from '#crypto/self-test.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { KeyHealthView } from '#shared/views.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { Keychain } from './ports.ts'

/** What protects the keys of this profile, for the settings. Asks the relay how many one-time prekeys are left. */
export async function keyHealth(
  context: Context,
  keychain: Pick<Keychain, 'protection' | 'backend'>,
  cryptoLibrary: string,
): Promise<KeyHealthView> {
  const { store } = context
  const signed = store.prekeys.list('signed').findLast((key) => key.retiredAtMs === null)
  const left = await context.relay.prekeysLeft(hostOf(context.account().address), context.signer())
  return {
    protection: keychain.protection,
    backend: keychain.backend,
    selfTestPassed: passesSelfTest(context),
    cryptoLibrary,
    nativeMlKem: nativeKem !== null,
    databaseCipher: store.cipher,
    signedPrekeyCreatedAtMs: signed?.createdAtMs ?? null,
    nextRotationAtMs: signed ? signed.createdAtMs + PREKEY_ROTATION_MS : null,
    oneTimePrekeysLeft: left.ok ? left.value.oneTime : null,
    fingerprint: encodeHex(fingerprint(context.keys.signing.publicKey)),
  }
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
