import type { AddressInfo } from 'node:net'

/** The origin that a listening server is reached by. */
export function originOf(
  scheme: 'http' | 'https',
  { address, family, port }: Pick<AddressInfo, 'address' | 'family' | 'port'>,
): string {
  return `${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
