import { join } from 'node:path'
import { DeviceKeys } from '#core/device-keys.ts'
import type { Store } from '#core/ports.ts'
import { fileProfileStorage } from '#store/store.ts'
import type { Person } from './scenario.ts'
import { valueOf } from './value-of.ts'

/** What a person whose client is closed has on the disk, to be looked at or tampered with. */
export async function storeOf(person: Person): Promise<{ store: Store; keys: DeviceKeys }> {
  const secrets = valueOf(await person.keychain.load())
  const keys = DeviceKeys.fromSecrets(secrets)
  if (keys === null) throw new Error('the keys are damaged')
  const storage = fileProfileStorage(join(person.folder, 'sotto.db'))
  return { store: valueOf(storage.open(secrets.databaseKey)), keys }
}
