import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import { parseAddress, type Address } from './address.ts'

/** What an invite link carries (PROTOCOL §17). */
export interface InviteLink {
  readonly address: Address
  /** SHA-256 fingerprint of the account signing key, 32 bytes: whoever adds the link has verified it. */
  readonly fingerprint: Uint8Array
  /** One-use contact token, 32 bytes: a delivery token that the relay takes until the contact is made. */
  readonly token: Uint8Array
}

export const INVITE_LINK_SCHEME = 'sotto'
const FINGERPRINT_BYTES = 32
const TOKEN_BYTES = 32

/** `sotto://add?v=1&a=<address>&f=<fingerprint>&t=<token>`, the byte strings as base64url. */
export function encodeInviteLink(link: InviteLink): string {
  const address = encodeURIComponent(link.address)
  return `${INVITE_LINK_SCHEME}://add?v=1&a=${address}&f=${encodeBase64Url(link.fingerprint)}&t=${encodeBase64Url(link.token)}`
}

/** Whether a text looks like an invite link (complete or not), to tell it from an address. */
export function looksLikeInviteLink(text: string): boolean {
  return /^\s*sotto:/i.test(text)
}

/**
 * Decodes an invite link. Unknown parameters are ignored, a parameter given twice is refused.
 * @returns `null` where a part is missing or malformed, or the version is not 1.
 */
export function decodeInviteLink(text: string): InviteLink | null {
  const match = /^sotto:\/\/add\/?\?([^#\s]*)$/i.exec(text.trim())
  if (match?.[1] === undefined) return null
  const parameters = new Map<string, string>()
  for (const pair of match[1].split('&')) {
    const equals = pair.indexOf('=')
    if (equals < 0) return null
    const key = pair.slice(0, equals)
    if (parameters.has(key)) return null
    parameters.set(key, pair.slice(equals + 1))
  }
  const address = parseAddress(decodePercent(parameters.get('a') ?? ''))
  const fingerprint = decodeBase64Url(parameters.get('f') ?? '')
  const token = decodeBase64Url(parameters.get('t') ?? '')
  if (parameters.get('v') !== '1' || address === null) return null
  if (fingerprint?.length !== FINGERPRINT_BYTES || token?.length !== TOKEN_BYTES) return null
  return { address, fingerprint, token }
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
