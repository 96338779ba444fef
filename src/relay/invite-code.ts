import { randomBytes, sha256 } from '#crypto/primitives.ts'
import { encodeBase64Url, encodeHex, encodeUtf8 } from '#shared/bytes.ts'

const CODE_BYTES = 12

/** A new invite code: 16 characters. */
export function generateInviteCode(): string {
  return encodeBase64Url(randomBytes(CODE_BYTES))
}

/** What the relay keeps of an invite code. */
export function inviteCodeHash(code: string): Uint8Array {
  return sha256(encodeUtf8(`sotto relay invite code v1\0${code}`))
}

/** More would be no secret any more. */
export const MAX_INVITE_USES = 100_000
const ID_BYTES = 6

/** How an operator names an invite: the beginning of its hash, 12 hexadecimal digits. */
export function inviteId(hash: Uint8Array): string {
  return encodeHex(hash.subarray(0, ID_BYTES))
}
