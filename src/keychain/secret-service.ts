import { SessionBus, sessionBusPath } from './session-bus.ts'

const ANSWER_WITHIN_MS = 3000
const SERVICE = 'org.freedesktop.secrets'

export type SecretServiceState = 'unlocked' | 'locked' | 'absent'

/**
 * Asks the desktop's Secret Service (GNOME Keyring, KWallet, KeePassXC) whether its default collection is locked.
 * Shows no prompt, reads and writes no secret. keytar offers no way to know: with a locked collection its
 * `getPassword` finds nothing and its `findCredentials` crashes the process.
 */
export async function secretServiceState(
  env: NodeJS.ProcessEnv = process.env,
  answerWithinMs = ANSWER_WITHIN_MS,
): Promise<SecretServiceState> {
  const path = sessionBusPath(env)
  if (path === null) return 'absent'
  let bus: SessionBus | null = null
  try {
    bus = await SessionBus.open(path, AbortSignal.timeout(answerWithinMs))
    const collection = await bus.call({
      destination: SERVICE,
      path: '/org/freedesktop/secrets',
      interface: 'org.freedesktop.Secret.Service',
      member: 'ReadAlias',
      strings: ['default'],
    })
    // No collection yet: the service makes one, and asks for a password, when the first secret is kept.
    if (typeof collection !== 'string' || collection === '/') return 'unlocked'
    const isLocked = await bus.call({
      destination: SERVICE,
      path: collection,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'Get',
      strings: ['org.freedesktop.Secret.Collection', 'Locked'],
    })
    return isLocked === true ? 'locked' : 'unlocked'
  } catch {
    return 'absent'
  } finally {
    bus?.close()
  }
}
