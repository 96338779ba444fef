import { session } from 'electron'

const KINDS: Readonly<Record<string, string>> = {
  PROXY: 'http',
  HTTPS: 'https',
  SOCKS: 'socks5',
  SOCKS5: 'socks5',
}

/** The proxy that the system names for a relay, as `http://host:port` or `socks5://host:port`; `null`: none. */
export async function systemProxyUrl(relayUrl: string): Promise<string | null> {
  return proxyUrlOf(await session.defaultSession.resolveProxy(relayUrl))
}

/** Reads the form of proxy auto-configuration, `PROXY host:port; DIRECT`, and takes the first choice. */
export function proxyUrlOf(resolved: string): string | null {
  const [kind = '', address = ''] = (resolved.split(';')[0] ?? '').trim().split(/\s+/)
  const protocol = KINDS[kind.toUpperCase()]
  return protocol === undefined || address === '' ? null : `${protocol}://${address}`
}
