import { tokenHash } from '#crypto/delivery-token.ts'
import { sha256, SigningKeyPair } from '#crypto/primitives.ts'
import type { RequestSigner } from '#core/ports.ts'
import { inviteCodeHash } from '#relay/invite-code.ts'
import type { MailboxId, RelayStorage } from '#relay/storage.ts'
import { encodeUtf8 } from '#shared/bytes.ts'
import { CERTIFICATE, testPrekeys } from './harness.ts'

// What every fixture database of the relay holds, the same in each version. Times lie far ahead, so that nothing of
// it expires while a test looks.

export const FIXTURE_MS: number = Date.UTC(2099, 0, 1)
export const FIXTURE_INVITE = 'AAAAAAAAAAAAAAAA'
export const FIXTURE_ENVELOPES = ['first', 'second', 'third'].map(encodeUtf8)

/** Keys that are the same in every run: known to all, of use to nobody. */
export function fixtureSigner(name: 'alice' | 'bob'): RequestSigner {
  const pair = SigningKeyPair.fromScalar(sha256(encodeUtf8(`relay fixture ${name}`)))
  if (pair === null) throw new Error('the scalar is not one of the curve')
  return { name, deviceId: 1, signingKey: pair.publicKey, sign: (base) => pair.signRaw(base) }
}

/** The delivery token that an account of the fixture has given out. */
export function fixtureToken(name: 'alice' | 'bob'): Uint8Array {
  return sha256(encodeUtf8(`relay fixture token ${name}`))
}

export function fixtureEnvelopeId(index: number): Uint8Array {
  return sha256(encodeUtf8(`relay fixture envelope ${index}`)).subarray(0, 16)
}

/** Two accounts with keys, tokens and envelopes: alice has acknowledged the first of three. */
export async function fillFixture(storage: RelayStorage): Promise<void> {
  const limits = { envelopes: 100, bytes: 1e6, knocks: 5, idleMs: 1e12 }
  for (const name of ['alice', 'bob'] as const) {
    const { signingKey, deviceId } = fixtureSigner(name)
    await storage.register(
      { name, signingKey, deviceId, certificate: CERTIFICATE, inviteHash: null },
      FIXTURE_MS,
    )
    const account = await storage.findAccount(name)
    if (account === null) throw new Error('the account was not stored')
    const hash = tokenHash(fixtureToken(name))
    const token = { hash, label: hash.subarray(0, 16), uses: null, expiresAtMs: null }
    await storage.putTokens(account.id, { add: [token], revoke: [] }, 10, FIXTURE_MS)
    const mailbox = account.devices[0]?.mailbox as MailboxId
    await storage.publishPrekeys(mailbox, testPrekeys(1, 1, 3), 10)
  }
  await storage.addInviteCode(inviteCodeHash(FIXTURE_INVITE), 2, FIXTURE_MS + 1e9)
  const hash = tokenHash(fixtureToken('alice'))
  for (const [index, body] of FIXTURE_ENVELOPES.entries()) {
    const envelope = { tokenHash: hash, deviceId: 1, id: fixtureEnvelopeId(index), body }
    await storage.deposit(envelope, limits, FIXTURE_MS)
  }
  const alice = await storage.findAccount('alice')
  await storage.acknowledge(alice?.devices[0]?.mailbox as MailboxId, { through: 1 })
}
