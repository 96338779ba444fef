import { BlockList, isIP } from 'node:net'

/** Where a relay is reached. */
export interface RelayOrigin {
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
  readonly secure: boolean
  /** `https://host[:port]`, as signatures and the `Host` field have it. */
  readonly url: string
}

const PRIVATE = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4')
}
PRIVATE.addAddress('::1', 'ipv6')
PRIVATE.addSubnet('fc00::', 7, 'ipv6')
PRIVATE.addSubnet('fe80::', 10, 'ipv6')

const HTTP_PORT = 80
const HTTPS_PORT = 443

/**
 * Reads `host` or `host:port`.
 * @throws TypeError for anything else: callers have checked it.
 */
export function relayOrigin(host: string, secure: boolean): RelayOrigin {
  const url = new URL(`${secure ? 'https' : 'http'}://${host}`)
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new TypeError('not a relay host')
  }
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port) || (secure ? HTTPS_PORT : HTTP_PORT),
    secure,
    url: url.origin,
  }
}

/** This computer itself. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '::1' ||
    (isIP(hostname) === 4 && hostname.startsWith('127.'))
  )
}

/**
 * Whether plain HTTP is acceptable: this computer and private networks, by number. Other names never are, since
 * whoever answers for the name could make it look private.
 */
export function mayBeInsecure(hostname: string): boolean {
  const family = isIP(hostname)
  if (family === 0) return isLoopback(hostname)
  return PRIVATE.check(hostname, family === 4 ? 'ipv4' : 'ipv6')
}
