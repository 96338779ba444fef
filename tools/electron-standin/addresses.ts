// Chromium itself knows no schemes of an app's own: `app://host/x` is loaded as `https://app--host.standin.test/x`,
// an address that is secure, has an origin, and belongs to nobody.

const SUFFIX = '.standin.test'
const EMPTY_HOST = 'no-host'

/** The address Chromium uses for a page of an app's own scheme; any other address unchanged. */
export function toChromium(url: string, isHandled: (scheme: string) => boolean): string {
  return url.replace(
    /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i,
    (whole, scheme: string, host: string) =>
      isHandled(scheme) ? `https://${scheme}--${host === '' ? EMPTY_HOST : host}${SUFFIX}` : whole,
  )
}

/** The reverse of `toChromium`. */
export function fromChromium(url: string): string {
  const match = /^https:\/\/([a-z][a-z0-9+.-]*?)--([^/?#]*)\.standin\.test(.*)$/i.exec(url)
  if (match === null) return url
  const [, scheme = '', host = '', rest = ''] = match
  return `${scheme}://${host === EMPTY_HOST ? '' : host}${rest}`
}

/** Scheme and host, as Electron names the origin of a page. */
export function originOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(url)?.[0] ?? 'null'
}

/** The part before the first colon. */
export function schemeOf(url: string): string {
  return url.slice(0, Math.max(0, url.indexOf(':')))
}
