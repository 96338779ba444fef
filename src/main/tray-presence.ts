import { SessionBus, sessionBusPath } from '#keychain/session-bus.ts'

const ANSWER_WITHIN_MS = 1_000

/**
 * Whether this desktop has a tray. macOS and Windows always do; on Linux some program must show status icons,
 * otherwise an app that hides in the tray could not be brought back.
 */
export async function isTrayThere(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  if (platform !== 'linux') return true
  const path = sessionBusPath(env)
  if (path === null) return false
  let bus: SessionBus | null = null
  try {
    bus = await SessionBus.open(path, AbortSignal.timeout(ANSWER_WITHIN_MS))
    await bus.call({
      destination: 'org.freedesktop.DBus',
      path: '/org/freedesktop/DBus',
      interface: 'org.freedesktop.DBus',
      member: 'GetNameOwner',
      strings: ['org.kde.StatusNotifierWatcher'],
    })
    return true
  } catch {
    return false
  } finally {
    bus?.close()
  }
}
