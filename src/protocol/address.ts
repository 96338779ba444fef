import type { Brand } from '#shared/brand.ts'

/** `name@host` or `name@host:port`, lower-case; see PROTOCOL §3.1. */
export type Address = Brand<string, 'Address'>

/** `host` or `host:port`, lower-case. */
export type RelayHost = Brand<string, 'RelayHost'>

export const NAME_PATTERN = /^[a-z0-9][a-z0-9._-]{1,31}$/
const HOST_PATTERN =
  /^(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::([1-9][0-9]{0,4}))?$/
const MAX_HOST_CHARS = 259

/**
 * Checks a relay's host as people type it: a leading `https://` or `http://` and a trailing slash are
 * forgiven, upper case is folded. Internationalised names are taken in their ASCII (`xn--`) form only, so
 * that look-alike letters cannot pose as another relay.
 * @returns `null` where it is not a host with an optional port from 1 to 65535.
 */
export function parseRelayHost(text: string): RelayHost | null {
  const host = text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
  if (host.length > MAX_HOST_CHARS) return null
  const match = HOST_PATTERN.exec(host)
  if (match === null) return null
  if (match[1] !== undefined && Number(match[1]) > 65_535) return null
  return host as RelayHost
}

/**
 * Checks an address as people type it (surrounding space and upper case are forgiven).
 * @returns `null` where it is not `name@host[:port]`.
 */
export function parseAddress(text: string): Address | null {
  const trimmed = text.trim().toLowerCase()
  const at = trimmed.indexOf('@')
  if (at < 0) return null
  const name = trimmed.slice(0, at)
  const host = trimmed.slice(at + 1)
  if (!NAME_PATTERN.test(name) || parseRelayHost(host) !== host) return null
  return trimmed as Address
}

/** Joins a checked name and host. Throws a RangeError where the name is not valid. */
export function makeAddress(name: string, host: RelayHost): Address {
  if (!NAME_PATTERN.test(name)) throw new RangeError('not a valid account name')
  return `${name}@${host}` as Address
}

/** The part before the `@`. */
export function nameOf(address: Address): string {
  return address.slice(0, address.indexOf('@'))
}

/** The part after the `@`. */
export function hostOf(address: Address): RelayHost {
  return address.slice(address.indexOf('@') + 1) as RelayHost
}
