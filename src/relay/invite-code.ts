import { randomBytes, sha256 } from '#crypto/primitives.ts'
import { encodeBase64Url, encodeUtf8 } from '#shared/bytes.ts'

const CODE_BYTES = 12

/** A new invite code: 16 characters. */
export function generateInviteCode(): string {
  return encodeBase64Url(randomBytes(CODE_BYTES))
}

/** What the relay keeps of an invite code. */
export function inviteCodeHash(code: string): Uint8Array {
  return sha256(encodeUtf8(`sotto relay invite code v1\0${code}`))
}
