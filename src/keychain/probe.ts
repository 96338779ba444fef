import { loadKeytar } from './keytar-module.ts'
import { secretServiceState } from './secret-service.ts'

/**
 * Whether this computer keeps secrets for us. Quick, without a prompt, and without a trace in the keychain.
 * macOS and Windows have their keychains always, and unlock them with the session.
 */
export async function probeKeychain(): Promise<'available' | 'absent' | 'locked'> {
  if ((await loadKeytar()) === null) return 'absent'
  if (process.platform === 'darwin' || process.platform === 'win32') return 'available'
  const state = await secretServiceState()
  return state === 'unlocked' ? 'available' : state
}
