import type { Keychain, ProfileSecrets } from '#core/ports.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'

/** A keychain for scenarios, where the real ones are not what is tested. */
export function memoryKeychain(): Keychain {
  let kept: ProfileSecrets | null = null
  return {
    protection: 'keychain',
    backend: 'memory',
    load: () => Promise.resolve(kept === null ? err(failure('KEYCHAIN_ENTRY_MISSING')) : ok(kept)),
    save(secrets) {
      kept = secrets
      return Promise.resolve(ok(undefined))
    },
    remove() {
      kept = null
      return Promise.resolve(ok(undefined))
    },
  }
}
