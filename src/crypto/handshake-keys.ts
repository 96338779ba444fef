import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'
import { AEAD_NONCE_BYTES, IDENTITY_BYTES, POINT_BYTES } from '#protocol/envelope.ts'
import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { hkdfSha256 } from './hkdf.ts'
import {
  MAX_CERTIFICATE_BYTES,
  verifyDeviceCertificate,
  type DeviceIdentity,
  type OwnDevice,
} from './identity.ts'
import {
  AEAD_KEY_BYTES,
  AeadKey,
  sha256,
  wipe,
  type AgreementPublicKey,
  type SigningPublicKey,
} from './primitives.ts'
import { decodeAgreementPublicKey, decodeSigningPublicKey } from './public-keys.ts'
import {
  MAX_GENERATION,
  RATCHET_KEY_BYTES,
  SESSION_ID_BYTES,
  type Chain,
  type ChainKey,
  type RootKey,
  type SessionId,
} from './session-state.ts'

// The key schedule of the handshake (PROTOCOL §5.4), the same on both sides.

/** Who takes part, as the transcript binds it. */
export interface Participant {
  readonly address: string
  readonly deviceId: number
  readonly signingKey: SigningPublicKey
  readonly agreementKey: AgreementPublicKey
}

/** The shared secrets that do not involve the initiator's identity. */
export interface HandshakeSecrets {
  readonly dh2: Uint8Array
  readonly dh3: Uint8Array
  readonly dh4: Uint8Array | null
  readonly kemSecret: Uint8Array
}

/** Everything public that is settled before the initiator's identity. */
export interface ResponderTranscript {
  readonly responder: Participant
  readonly signedPrekey: { readonly id: number; readonly publicKey: AgreementPublicKey }
  readonly kemPrekey: { readonly id: number; readonly publicKey: Uint8Array }
  readonly oneTimePrekey: { readonly id: number; readonly publicKey: AgreementPublicKey } | null
  readonly ephemeral: AgreementPublicKey
  readonly kemCiphertext: Uint8Array
  readonly sealedPrekeyIds: Uint8Array
}

/** A key for one seal, with its nonce. */
interface SingleUseKey {
  readonly key: AeadKey
  readonly nonce: Uint8Array
}

/** H1: SHA-256 over the responder's side of the handshake. */
export function hashResponderTranscript(transcript: ResponderTranscript): Uint8Array {
  const { signedPrekey, kemPrekey, oneTimePrekey } = transcript
  const writer = new BinaryWriter().text('Sotto v1 handshake')
  writeParticipant(writer, transcript.responder)
  writer.uint32(signedPrekey.id).prefixed(signedPrekey.publicKey)
  writer.uint32(kemPrekey.id).prefixed(kemPrekey.publicKey)
  writer.uint32(oneTimePrekey?.id ?? 0).prefixed(oneTimePrekey?.publicKey ?? new Uint8Array(0))
  writer.prefixed(transcript.ephemeral).prefixed(transcript.kemCiphertext)
  return sha256(writer.prefixed(transcript.sealedPrekeyIds).finish())
}

/** Key of the outer layer, from the responder's device key alone, so that it can read which prekeys are meant. */
export function derivePrekeyIdsKey(
  dh2: Uint8Array,
  salt: Uint8Array,
  responderKey: AgreementPublicKey,
  ephemeral: AgreementPublicKey,
): SingleUseKey {
  const binding = sha256(concatBytes(responderKey, ephemeral))
  return deriveSingleUseKey(dh2, salt, 'Sotto v1 prekey ids', binding)
}

/** Key of the inner layer, from every secret that does not need the initiator's identity. */
export function deriveIdentityKey(
  secrets: HandshakeSecrets,
  salt: Uint8Array,
  transcriptHash: Uint8Array,
): SingleUseKey {
  const inputKey = joinSecrets(secrets)
  const derived = deriveSingleUseKey(inputKey, salt, 'Sotto v1 identity', transcriptHash)
  wipe(inputKey)
  return derived
}

/** What both sides start the ratchet with. */
export interface SessionSecrets {
  readonly id: SessionId
  readonly rootKey: RootKey
  /** The initiator's first chain. */
  readonly chain: Chain
  /** Header keys of the chains after it: the responder's first, and the initiator's second. */
  readonly responderHeaderKey: AeadKey
  readonly initiatorHeaderKey: AeadKey
}

/** Derives the session from all secrets, over the whole transcript. */
export function deriveSessionSecrets(
  dh1: Uint8Array,
  secrets: HandshakeSecrets,
  salt: Uint8Array,
  transcriptHash: Uint8Array,
  sealedIdentity: Uint8Array,
  initiator: Participant,
): SessionSecrets {
  const writer = new BinaryWriter().bytes(transcriptHash).prefixed(sealedIdentity)
  writeParticipant(writer, initiator)
  const inputKey = concatBytes(dh1, joinSecrets(secrets))
  const info = concatBytes(encodeUtf8('Sotto v1 session'), sha256(writer.finish()))
  const output = hkdfSha256(inputKey, salt, info, 5 * RATCHET_KEY_BYTES + SESSION_ID_BYTES)
  const part = (index: number): Uint8Array =>
    output.slice(index * RATCHET_KEY_BYTES, (index + 1) * RATCHET_KEY_BYTES)
  const session: SessionSecrets = {
    rootKey: part(0) as RootKey,
    chain: {
      headerKey: new AeadKey(part(1)),
      chainKey: part(2) as ChainKey,
      next: 0,
      turn: 1,
    },
    responderHeaderKey: new AeadKey(part(3)),
    initiatorHeaderKey: new AeadKey(part(4)),
    id: output.slice(5 * RATCHET_KEY_BYTES) as SessionId,
  }
  wipe(inputKey, output)
  return session
}

/** What the initiator tells under the inner layer. */
export interface InitiatorIdentity {
  readonly peer: DeviceIdentity
  /** Its first ratchet key. */
  readonly ratchetKey: AgreementPublicKey
  readonly generation: number
}

/**
 * The initiator's identity, padded to a constant length so that its size tells nothing.
 * Layout: signing key(65) ‖ ratchet key(65) ‖ generation(8) ‖ certificate(2 + n) ‖ zeros.
 */
export function encodeIdentity(
  own: OwnDevice,
  ratchetKey: AgreementPublicKey,
  generation: number,
): Uint8Array {
  const identity = new BinaryWriter()
    .bytes(own.signingKey)
    .bytes(ratchetKey)
    .uint64(generation)
    .prefixed(own.certificate)
    .finish()
  const padded = new Uint8Array(IDENTITY_BYTES)
  padded.set(identity)
  return padded
}

/** Reads and verifies an initiator's identity; `null` where anything is malformed or the certificate does not hold. */
export function decodeIdentity(bytes: Uint8Array): InitiatorIdentity | null {
  const reader = new BinaryReader(bytes)
  const signingKey = decodeSigningPublicKey(reader.bytes(POINT_BYTES))
  const ratchetKey = decodeAgreementPublicKey(reader.bytes(POINT_BYTES))
  const generation = reader.uint64()
  const certificate = reader.prefixed()
  reader.require(generation <= MAX_GENERATION && certificate.length <= MAX_CERTIFICATE_BYTES)
  const padding = reader.bytes(IDENTITY_BYTES - 2 * POINT_BYTES - 8 - 2 - certificate.length)
  reader.require(padding.every((byte) => byte === 0))
  if (!reader.finish() || !signingKey.ok || !ratchetKey.ok) return null
  const verified = verifyDeviceCertificate(signingKey.value, certificate)
  return verified.ok ? { peer: verified.value, ratchetKey: ratchetKey.value, generation } : null
}

function writeParticipant(writer: BinaryWriter, participant: Participant): void {
  writer
    .text(participant.address)
    .uint32(participant.deviceId)
    .prefixed(participant.signingKey)
    .prefixed(participant.agreementKey)
}

function joinSecrets({ dh2, dh3, dh4, kemSecret }: HandshakeSecrets): Uint8Array {
  return dh4 === null ? concatBytes(dh2, dh3, kemSecret) : concatBytes(dh2, dh3, dh4, kemSecret)
}

function deriveSingleUseKey(
  inputKey: Uint8Array,
  salt: Uint8Array,
  label: string,
  binding: Uint8Array,
): SingleUseKey {
  const info = concatBytes(encodeUtf8(label), binding)
  const output = hkdfSha256(inputKey, salt, info, AEAD_KEY_BYTES + AEAD_NONCE_BYTES)
  const derived = {
    key: new AeadKey(output.subarray(0, AEAD_KEY_BYTES)),
    nonce: output.slice(AEAD_KEY_BYTES),
  }
  wipe(output)
  return derived
}
