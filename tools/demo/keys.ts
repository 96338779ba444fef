import { randomBytes } from 'node:crypto'
import { probeKeychain } from '#keychain/probe.ts'
import { startKeyring, type Keyring } from '../keyring.ts'
import type { DemoFolder, DemoState } from './folder.ts'

const PASSWORD_BYTES = 18

/** Where the demo's accounts keep their keys. */
export interface DemoKeys extends Pick<DemoState, 'keys' | 'password'> {
  /** Environment in which the apps find them. */
  readonly env: Readonly<Record<string, string>>
  /** One sentence for the user. */
  readonly explanation: string
  stop(): Promise<void>
}

/**
 * Takes the keychain of this computer; where there is none, a private one in the demo's folder; where that cannot be
 * started either, passphrase vaults. What an earlier run took stays.
 */
export async function provideKeys(
  folder: DemoFolder,
  earlier: DemoState | null,
): Promise<DemoKeys> {
  const password = earlier?.password ?? randomBytes(PASSWORD_BYTES).toString('base64url')
  const wanted = earlier?.keys ?? ((await probeKeychain()) === 'available' ? 'keychain' : undefined)
  if (wanted === 'keychain') {
    return {
      keys: 'keychain',
      password,
      env: {},
      explanation: 'Their keys are in the keychain of this computer.',
      stop: async () => undefined,
    }
  }
  const keyring = wanted === 'vault' ? null : await tryKeyring(folder, password)
  if (keyring !== null) {
    Object.assign(process.env, keyring.env)
    return {
      keys: 'private-keyring',
      password,
      env: keyring.env,
      explanation: `This computer has no keychain that is unlocked: their keys are in a private one, in ${folder.keyring}.`,
      stop: () => keyring.stop(),
    }
  }
  if (wanted === 'private-keyring') {
    throw new Error(
      'The keys of the demo are in a private keyring, which does not start any more: `npm run demo -- --fresh` starts over.',
    )
  }
  return {
    keys: 'vault',
    password,
    env: {},
    explanation: `This computer has no keychain: their keys are in passphrase vaults. The passphrase of both is ${password}`,
    stop: async () => undefined,
  }
}

async function tryKeyring(folder: DemoFolder, password: string): Promise<Keyring | null> {
  if (process.platform !== 'linux') return null
  return startKeyring(folder.keyring, password).catch(() => null)
}
