import { acceptSession, readInitialMessage, type AcceptedSession } from '#crypto/handshake.ts'
import { importKemSeed } from '#crypto/kem.ts'
import { AgreementKeyPair } from '#crypto/primitives.ts'
import type { HandshakeId } from '#crypto/session-state.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { parseAddress, type Address } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { Contact } from './model.ts'

/** An initial message opened, nothing of it stored yet: `keepSession` does that once its author is trusted. */
export interface AcceptedHandshake {
  readonly accepted: AcceptedSession
  readonly address: Address
  readonly handshakeId: HandshakeId
  readonly signedPrekeyId: number
  readonly kemPrekeyId: number
  readonly oneTimePrekeyId: number | null
}

export type AcceptError = Failure<'MESSAGE_UNREADABLE' | 'UNKNOWN_VERSION' | 'PREKEY_UNKNOWN'>

/**
 * Opens an initial message that no session knows (PROTOCOL §5.3), without any lasting effect.
 * A repetition of a handshake that was accepted before is refused as unreadable.
 */
export function acceptHandshake(
  context: Context,
  envelope: Uint8Array,
): Result<AcceptedHandshake, AcceptError> {
  const own = context.keys.ownDevice(context.account())
  const pending = readInitialMessage(own, envelope)
  if (!pending.ok) return pending
  const { handshakeId, signedPrekeyId, kemPrekeyId, oneTimePrekeyId } = pending.value
  const { prekeys, sessions } = context.store
  if (sessions.knowsHandshake(handshakeId)) return err(failure('MESSAGE_UNREADABLE'))

  const signedStored = prekeys.get('signed', signedPrekeyId)
  const kemStored =
    prekeys.get('kem-one-time', kemPrekeyId) ?? prekeys.get('kem-last-resort', kemPrekeyId)
  const oneTimeStored = oneTimePrekeyId === null ? null : prekeys.get('one-time', oneTimePrekeyId)
  const signedPrekey = signedStored && AgreementKeyPair.fromScalar(signedStored.privateKey)
  const kemPrekey = kemStored && importKemSeed(kemStored.privateKey)
  const oneTimePrekey = oneTimeStored && AgreementKeyPair.fromScalar(oneTimeStored.privateKey)
  if (!signedPrekey || !kemPrekey || (oneTimePrekeyId !== null && !oneTimePrekey)) {
    return err(failure('PREKEY_UNKNOWN'))
  }

  const accepted = acceptSession({
    own,
    pending: pending.value,
    signedPrekey,
    kemPrekey,
    oneTimePrekey,
    nowMs: context.clock.nowMs(),
  })
  if (!accepted.ok) return accepted
  const address = parseAddress(accepted.value.peer.address)
  if (address === null || address !== accepted.value.peer.address) {
    return err(failure('MESSAGE_UNREADABLE'))
  }
  return ok({
    accepted: accepted.value,
    address,
    handshakeId,
    signedPrekeyId,
    kemPrekeyId,
    oneTimePrekeyId,
  })
}

/**
 * Stores an accepted session for its contact, inside the caller's transaction: the one-time prekeys it used are
 * deleted and the handshake is remembered, so that its repetition is refused.
 */
export function keepSession(
  context: Context,
  contact: Contact,
  handshake: AcceptedHandshake,
): void {
  const { prekeys, sessions } = context.store
  const { accepted, handshakeId, signedPrekeyId, kemPrekeyId, oneTimePrekeyId } = handshake
  const now = context.clock.nowMs()
  if (oneTimePrekeyId !== null) prekeys.remove('one-time', oneTimePrekeyId)
  prekeys.remove('kem-one-time', kemPrekeyId)
  sessions.rememberHandshake(handshakeId, contact.id, signedPrekeyId, now)
  context.sessions.add({
    contactId: contact.id,
    deviceId: accepted.peer.deviceId,
    createdAtMs: now,
    lastUsedAtMs: now,
    state: accepted.state,
  })
}
