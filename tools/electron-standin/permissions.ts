import type { CdpSession } from './cdp.ts'
import { Session } from './api/session.ts'

type Media = 'video' | 'audio'

/** Electron's names of what a page can ask for, and Chromium's. */
const PERMISSIONS: readonly (readonly [electron: string, chromium: string, media?: Media])[] = [
  ['notifications', 'notifications'],
  ['geolocation', 'geolocation'],
  ['media', 'camera', 'video'],
  ['media', 'microphone', 'audio'],
  ['clipboard-read', 'clipboard-read'],
  ['clipboard-sanitized-write', 'clipboard-write'],
  ['midi', 'midi'],
  ['idle-detection', 'idle-detection'],
  ['window-management', 'window-management'],
  ['display-capture', 'display-capture'],
  ['storage-access', 'storage-access'],
]

/**
 * Sets Chromium's permissions for a page as the app's handlers answer. They are asked once, when the page loads,
 * and not when it uses the permission, for Chromium's protocol does not tell of that.
 */
export async function applyPermissions(
  root: CdpSession,
  session: Session,
  contents: object,
  page: { readonly url: string; readonly origin: string; readonly chromiumOrigin: string },
): Promise<void> {
  await Promise.all(
    PERMISSIONS.map(async ([permission, chromium, media]) => {
      const asked = { permission, media, url: page.url, origin: page.origin }
      const granted = await Session.grants(session, contents, asked)
      await root
        .send('Browser.setPermission', {
          permission: { name: chromium },
          setting: granted ? 'granted' : 'denied',
          origin: page.chromiumOrigin,
        })
        .catch(() => undefined) // This Chromium does not have it.
    }),
  )
}
