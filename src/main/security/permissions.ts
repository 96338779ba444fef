import type { Session } from 'electron'

/**
 * Denies a session everything a page could ask for: permissions, devices, screen sharing, downloads, and every
 * request that does not stay inside the app. Only our own page may use the camera, to scan QR codes; never the
 * microphone. The spell checker stays off, since its dictionaries come from a server.
 */
export function denyByDefault(session: Session, appOrigin: string): void {
  session.setPermissionRequestHandler((_contents, permission, callback, details) => {
    const { requestingUrl, isMainFrame } = details
    const isOurs = isMainFrame && requestingUrl.startsWith(`${appOrigin}/`)
    const media = 'mediaTypes' in details ? (details.mediaTypes ?? []) : []
    const isCamera = media.length > 0 && media.every((type) => type === 'video')
    callback(permission === 'media' && isOurs && isCamera)
  })
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin, details) => {
    const isOurs = details.isMainFrame && requestingOrigin.replace(/\/$/, '') === appOrigin
    return permission === 'media' && isOurs && details.mediaType === 'video'
  })
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, callback) => callback(null))
  session.setSpellCheckerEnabled(false)
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest((details, callback) =>
    callback({ cancel: !staysInside(details.url, appOrigin) }),
  )
}

/** Whether a request needs no network: our own files, and what the page made itself. */
export function staysInside(requestUrl: string, appOrigin: string): boolean {
  const url = URL.parse(requestUrl)
  if (url === null) return false
  if (url.protocol === 'blob:') return requestUrl.startsWith(`blob:${appOrigin}/`)
  if (url.protocol === 'data:' || url.protocol === 'devtools:') return true
  return requestUrl.startsWith(`${appOrigin}/`)
}
