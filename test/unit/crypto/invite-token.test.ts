import { describe, expect, test } from 'vitest'
import { tokenHash } from '#crypto/delivery-token.ts'
import { inviteDeliveryToken, inviteProof, verifyInviteProof } from '#crypto/invite-token.ts'
import type { SessionId } from '#crypto/session-state.ts'
import { encodeHex } from '#shared/bytes.ts'

const token = Uint8Array.from({ length: 32 }, (_, index) => index)
const session = new Uint8Array(16).fill(7) as Uint8Array as SessionId
const other = new Uint8Array(16).fill(8) as Uint8Array as SessionId

describe('the token of an invite link', () => {
  test('gives the delivery token of PROTOCOL §17, which is not the token', () => {
    // printf 'Sotto v1 invite delivery token\0' and the 32 bytes, through sha256sum
    expect(encodeHex(inviteDeliveryToken(token))).toBe(
      '039187988d2c54d7d14819d0de5aa57d5caf2ea94c5cac6b07ce8cee32dc782f',
    )
    expect(tokenHash(inviteDeliveryToken(token))).not.toEqual(tokenHash(token))
  })

  test('gives the proof of PROTOCOL §17', () => {
    // the same through `openssl dgst -sha256 -mac HMAC`
    expect(encodeHex(inviteProof(token, session))).toBe(
      '057358a4d08e5960ffa0a8820543662f40f1c293ca03660668f8fe9d308d3600',
    )
    expect(verifyInviteProof(token, session, inviteProof(token, session))).toBe(true)
  })

  test.each([
    ['of another session', inviteProof(token, other)],
    ['of another token', inviteProof(new Uint8Array(32), session)],
    ['made from what the relay is shown', inviteProof(inviteDeliveryToken(token), session)],
    ['cut short', inviteProof(token, session).subarray(1)],
    ['that is empty', new Uint8Array(0)],
  ])('does not take a proof %s', (_, proof) => {
    expect(verifyInviteProof(token, session, proof)).toBe(false)
  })

  test('of another length is a mistake of the caller', () => {
    expect(() => inviteDeliveryToken(token.subarray(1))).toThrow(RangeError)
    expect(() => inviteProof(token.subarray(1), session)).toThrow(RangeError)
  })
})
