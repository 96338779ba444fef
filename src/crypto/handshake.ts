import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'
import { HANDSHAKE_SALT_BYTES, parseEnvelope, splitHandshakeHeader } from '#protocol/envelope.ts'
import { concatBytes } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { handshakeIdOf } from './handshake-id.ts'
import {
  decodeIdentity,
  deriveIdentityKey,
  derivePrekeyIdsKey,
  deriveSessionSecrets,
  encodeIdentity,
  hashResponderTranscript,
  type HandshakeSecrets,
} from './handshake-keys.ts'
import { verifyDeviceCertificate, type DeviceIdentity, type OwnDevice } from './identity.ts'
import { kem, type KemSeed } from './kem.ts'
import { verifyKemPrekey, verifySignedPrekey, type PrekeyBundle } from './prekeys.ts'
import type { KemEngine } from './kem-engine.ts'
import { AgreementKeyPair, wipe, type RandomSource } from './primitives.ts'
import { decodeAgreementPublicKey } from './public-keys.ts'
import { openMessage, type OpenedMessage } from './ratchet.ts'
import { MAX_GENERATION, type HandshakeId, type SessionState } from './session-state.ts'

/** What a session is begun with. */
export interface InitiateInput {
  readonly own: OwnDevice
  /** The address that was asked for; the certificate must name it. */
  readonly peerAddress: string
  readonly bundle: PrekeyBundle
  /** Highest generation among the sessions with that device so far; 0 without any. */
  readonly newestGeneration: number
  readonly nowMs: number
  readonly random: RandomSource
  /** The runtime's fastest, unless vectors replay. */
  readonly kemEngine?: KemEngine
}

/**
 * Begins a session with a device (PROTOCOL §5.2). Nothing is sent by this: `sealMessage` puts the handshake header in
 * front of every message until the peer has answered.
 * @returns The session, and the peer as certified under the bundle's signing key, which the caller compares with the
 * one it knows. `SIGNATURE_INVALID`, `KEY_INVALID` or `UNKNOWN_VERSION` where the bundle is not acceptable.
 */
export function initiateSession(
  input: InitiateInput,
): Result<
  { readonly session: SessionState; readonly peer: DeviceIdentity },
  Failure<'SIGNATURE_INVALID' | 'KEY_INVALID' | 'UNKNOWN_VERSION'>
> {
  const { own, bundle, random } = input
  const { signedPrekey, kemPrekey, oneTimePrekey } = bundle
  const certified = verifyDeviceCertificate(bundle.signingKey, bundle.certificate)
  if (!certified.ok) return certified
  const peer = certified.value
  if (
    peer.address !== input.peerAddress ||
    !verifySignedPrekey(peer.signingKey, peer.deviceId, signedPrekey) ||
    !verifyKemPrekey(peer.signingKey, peer.deviceId, kemPrekey)
  ) {
    return err(failure('SIGNATURE_INVALID'))
  }
  const encapsulated = (input.kemEngine ?? kem).encapsulate(kemPrekey.publicKey, random)
  if (encapsulated === null) return err(failure('KEY_INVALID'))

  const ephemeral = AgreementKeyPair.generate(random)
  const ratchetPair = AgreementKeyPair.generate(random)
  const salt = random(HANDSHAKE_SALT_BYTES)
  const dh1 = own.agreement.agree(signedPrekey.publicKey)
  const dh2 = ephemeral.agree(peer.agreementKey)
  const dh3 = ephemeral.agree(signedPrekey.publicKey)
  const dh4 = oneTimePrekey && ephemeral.agree(oneTimePrekey.publicKey)
  const secrets: HandshakeSecrets = { dh2, dh3, dh4, kemSecret: encapsulated.sharedSecret }

  const prekeyIds = new BinaryWriter()
    .uint32(signedPrekey.id)
    .uint32(kemPrekey.id)
    .uint32(oneTimePrekey?.id ?? 0)
    .finish()
  const outer = derivePrekeyIdsKey(dh2, salt, peer.agreementKey, ephemeral.publicKey)
  const sealedPrekeyIds = outer.key.seal(outer.nonce, prekeyIds)
  const transcript = hashResponderTranscript({
    responder: peer,
    signedPrekey: { id: signedPrekey.id, publicKey: signedPrekey.publicKey },
    kemPrekey: { id: kemPrekey.id, publicKey: kemPrekey.publicKey },
    oneTimePrekey,
    ephemeral: ephemeral.publicKey,
    kemCiphertext: encapsulated.ciphertext,
    sealedPrekeyIds,
  })
  const generation = Math.min(Math.max(input.nowMs, input.newestGeneration + 1), MAX_GENERATION)
  const inner = deriveIdentityKey(secrets, salt, transcript)
  const sealedIdentity = inner.key.seal(
    inner.nonce,
    encodeIdentity(own, ratchetPair.publicKey, generation),
  )
  const handshakeHeader = concatBytes(
    salt,
    ephemeral.publicKey,
    encapsulated.ciphertext,
    sealedPrekeyIds,
    sealedIdentity,
  )
  const derived = deriveSessionSecrets(dh1, secrets, salt, transcript, sealedIdentity, {
    ...own,
    agreementKey: own.agreement.publicKey,
  })
  wipe(dh1, dh2, dh3, ...(dh4 === null ? [] : [dh4]), secrets.kemSecret)
  const session: SessionState = {
    id: derived.id,
    handshakeId: handshakeIdOf(handshakeHeader),
    generation,
    handshakeHeader,
    rootKey: derived.rootKey,
    ratchetPair,
    peerRatchetKey: null,
    sending: derived.chain,
    receiving: null,
    nextSendingHeaderKey: derived.initiatorHeaderKey,
    nextReceivingHeaderKey: derived.responderHeaderKey,
    previousLength: 0,
    turns: derived.chain.turn,
    skipped: [],
  }
  return ok({ session, peer })
}

/** An initial message whose outer layer is open: it says which prekeys are needed to go on. */
export interface PendingHandshake {
  readonly envelope: Uint8Array
  /** To be looked up in the replay memory, and kept there as long as the signed prekey lives. */
  readonly handshakeId: HandshakeId
  readonly signedPrekeyId: number
  readonly kemPrekeyId: number
  readonly oneTimePrekeyId: number | null
  /** Agreement of the ephemeral and our device key. */
  readonly dh2: Uint8Array
}

/**
 * First step of accepting (PROTOCOL §5.3): opens the prekey ids of an initial message that no session knows.
 * @returns `MESSAGE_UNREADABLE` where it is not for this device, whatever the reason.
 */
export function readInitialMessage(
  own: OwnDevice,
  envelope: Uint8Array,
): Result<PendingHandshake, Failure<'MESSAGE_UNREADABLE' | 'UNKNOWN_VERSION'>> {
  const parsed = parseEnvelope(envelope)
  if (!parsed.ok) return parsed
  const { handshakeHeader } = parsed.value
  if (handshakeHeader === null) return err(failure('MESSAGE_UNREADABLE'))
  const { salt, ephemeral, sealedPrekeyIds } = splitHandshakeHeader(handshakeHeader)
  const ephemeralKey = decodeAgreementPublicKey(ephemeral)
  if (!ephemeralKey.ok) return err(failure('MESSAGE_UNREADABLE'))
  const dh2 = own.agreement.agree(ephemeralKey.value)
  const outer = derivePrekeyIdsKey(dh2, salt, own.agreement.publicKey, ephemeralKey.value)
  const prekeyIds = outer.key.open(outer.nonce, sealedPrekeyIds)
  if (prekeyIds === null) return err(failure('MESSAGE_UNREADABLE'))
  const reader = new BinaryReader(prekeyIds)
  const signedPrekeyId = reader.uint32()
  const kemPrekeyId = reader.uint32()
  const oneTimePrekeyId = reader.uint32() || null
  const handshakeId = handshakeIdOf(handshakeHeader)
  return ok({ envelope, handshakeId, signedPrekeyId, kemPrekeyId, oneTimePrekeyId, dh2 })
}

/** What a session is accepted with: the private halves of the prekeys that {@link readInitialMessage} named. */
export interface AcceptInput {
  readonly own: OwnDevice
  readonly pending: PendingHandshake
  readonly signedPrekey: AgreementKeyPair
  readonly kemPrekey: KemSeed
  readonly oneTimePrekey: AgreementKeyPair | null
  readonly nowMs: number
  readonly kemEngine?: KemEngine
}

/** A session accepted together with its first message. */
export interface AcceptedSession extends OpenedMessage {
  /** The initiator as certified under the signing key it showed: trusting that key is the caller's to decide. */
  readonly peer: DeviceIdentity
}

/**
 * Second step of accepting (PROTOCOL §5.3): learns who writes, derives the session and opens the message. In the
 * transaction that stores the session the caller deletes the one-time prekeys used and remembers the handshake id.
 * @throws TypeError where the prekeys given are not the ones named.
 */
export function acceptSession(
  input: AcceptInput,
): Result<AcceptedSession, Failure<'MESSAGE_UNREADABLE' | 'UNKNOWN_VERSION'>> {
  const { own, pending, signedPrekey, oneTimePrekey } = input
  if ((oneTimePrekey === null) !== (pending.oneTimePrekeyId === null)) {
    throw new TypeError('the one-time prekey must be the one the message names')
  }
  const unreadable = err(failure('MESSAGE_UNREADABLE'))
  const parsed = parseEnvelope(pending.envelope)
  if (!parsed.ok) return parsed
  const { handshakeHeader } = parsed.value
  if (handshakeHeader === null) return unreadable
  const header = splitHandshakeHeader(handshakeHeader)
  const { salt, kemCiphertext, sealedPrekeyIds, sealedIdentity } = header
  const ephemeral = decodeAgreementPublicKey(header.ephemeral)
  if (!ephemeral.ok) return unreadable

  const kemPair = (input.kemEngine ?? kem).keyPair(input.kemPrekey)
  const kemSecret = kemPair.decapsulate(kemCiphertext)
  const dh3 = signedPrekey.agree(ephemeral.value)
  const dh4 = oneTimePrekey && oneTimePrekey.agree(ephemeral.value)
  const secrets: HandshakeSecrets = { dh2: pending.dh2, dh3, dh4, kemSecret }
  const transcript = hashResponderTranscript({
    responder: { ...own, agreementKey: own.agreement.publicKey },
    signedPrekey: { id: pending.signedPrekeyId, publicKey: signedPrekey.publicKey },
    kemPrekey: { id: pending.kemPrekeyId, publicKey: kemPair.publicKey },
    oneTimePrekey: oneTimePrekey && {
      id: pending.oneTimePrekeyId ?? 0,
      publicKey: oneTimePrekey.publicKey,
    },
    ephemeral: ephemeral.value,
    kemCiphertext,
    sealedPrekeyIds,
  })
  const inner = deriveIdentityKey(secrets, salt, transcript)
  const identityBytes = inner.key.open(inner.nonce, sealedIdentity)
  const identity = identityBytes && decodeIdentity(identityBytes)
  if (!identity) return unreadable
  const { peer, generation } = identity
  const dh1 = signedPrekey.agree(peer.agreementKey)
  const derived = deriveSessionSecrets(dh1, secrets, salt, transcript, sealedIdentity, peer)
  wipe(dh1, dh3, ...(dh4 === null ? [] : [dh4]), kemSecret)
  const session: SessionState = {
    id: derived.id,
    handshakeId: pending.handshakeId,
    generation,
    handshakeHeader: null,
    rootKey: derived.rootKey,
    ratchetPair: null,
    peerRatchetKey: identity.ratchetKey,
    sending: null,
    receiving: derived.chain,
    nextSendingHeaderKey: derived.responderHeaderKey,
    nextReceivingHeaderKey: derived.initiatorHeaderKey,
    previousLength: 0,
    turns: derived.chain.turn,
    skipped: [],
  }
  const opened = openMessage(session, pending.envelope, input.nowMs)
  return opened.ok ? ok({ ...opened.value, peer }) : opened
}
