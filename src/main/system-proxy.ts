import { session } from 'electron'

const KINDS: Readonly<Record<string, string>> = {
  PROXY: 'http',
  HTTPS: 'https',
  SOCKS: 'socks5',
  SOCKS5: 'socks5',
}

/**
 * The proxy that the system names for a relay, as `http://host:port` or `socks5://host:port`; `null`: none.
 * @throws Error where the system does not say.
 */
export async function systemProxyUrl(relayUrl: string): Promise<string | null> {
  return proxyUrlOf(await session.defaultSession.resolveProxy(relayUrl))
}

/**
 * Reads the form of proxy auto-configuration, `PROXY host:port; DIRECT`, and takes the first choice.
 * @throws Error for anything else: a failed look-up gives an empty text, which is no leave to connect directly.
 */
export function proxyUrlOf(resolved: string): string | null {
  const [kind = '', address = ''] = (resolved.split(';')[0] ?? '').trim().split(/\s+/)
  if (kind.toUpperCase() === 'DIRECT') return null
  const protocol = KINDS[kind.toUpperCase()]
  if (protocol === undefined || address === '') throw new Error('the system names no proxy')
  return `${protocol}://${address}`
}
