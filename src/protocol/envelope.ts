import { err, ok, type Result } from '#shared/result.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { PADDING_BUCKETS } from './padding.ts'

/** Version of the wire format, first byte of every envelope (PROTOCOL §10). */
export const PROTOCOL_VERSION = 1

/** Largest envelope a relay takes. */
export const MAX_ENVELOPE_BYTES = 65_536

/** Length of an uncompressed P-256 point, `04 ‖ X ‖ Y`. */
export const POINT_BYTES = 65
/** Lengths of ML-KEM-768 (FIPS 203). */
export const KEM_PUBLIC_KEY_BYTES = 1184
export const KEM_CIPHERTEXT_BYTES = 1088
/** Lengths of AES-256-GCM as used everywhere. */
export const AEAD_NONCE_BYTES = 12
export const AEAD_TAG_BYTES = 16

/** Random salt of the handshake. */
export const HANDSHAKE_SALT_BYTES = 16
/** Three prekey ids, uint32 each. */
export const PREKEY_IDS_BYTES = 12
/** The initiator's identity, padded to a constant so that its size does not tell an address. */
export const IDENTITY_BYTES = 608

const EPHEMERAL_OFFSET = HANDSHAKE_SALT_BYTES
const KEM_CIPHERTEXT_OFFSET = EPHEMERAL_OFFSET + POINT_BYTES
const SEALED_PREKEY_IDS_OFFSET = KEM_CIPHERTEXT_OFFSET + KEM_CIPHERTEXT_BYTES
const SEALED_IDENTITY_OFFSET = SEALED_PREKEY_IDS_OFFSET + PREKEY_IDS_BYTES + AEAD_TAG_BYTES
/** Length of the handshake header in front of an initial message. */
export const HANDSHAKE_HEADER_BYTES = SEALED_IDENTITY_OFFSET + IDENTITY_BYTES + AEAD_TAG_BYTES

/** Ratchet public key(65) ‖ number(4) ‖ previous chain's length(4). */
export const RATCHET_HEADER_BYTES = POINT_BYTES + 4 + 4
export const COMMITMENT_BYTES = 32

const SEALED_HEADER_OFFSET = AEAD_NONCE_BYTES
const COMMITMENT_OFFSET = SEALED_HEADER_OFFSET + RATCHET_HEADER_BYTES + AEAD_TAG_BYTES
const NONCE_OFFSET = COMMITMENT_OFFSET + COMMITMENT_BYTES
const BODY_OFFSET = NONCE_OFFSET + AEAD_NONCE_BYTES

const PREFIX_BYTES = 2

/** What a message costs beyond its padded text, without a handshake. */
export const MESSAGE_OVERHEAD_BYTES = PREFIX_BYTES + BODY_OFFSET + AEAD_TAG_BYTES

/** `message`: version ‖ type ‖ ratchet part. `initial`: version ‖ type ‖ handshake header ‖ ratchet part. */
export type EnvelopeType = 'message' | 'initial'

const TYPE_BYTES = { message: 1, initial: 2 } as const satisfies Record<EnvelopeType, number>

/** The parts of an envelope: views into its bytes, nothing copied. */
export interface EnvelopeParts {
  readonly type: EnvelopeType
  /** Present in initial messages alone. */
  readonly handshakeHeader: Uint8Array | null
  readonly headerNonce: Uint8Array
  /** Ratchet header and its tag. */
  readonly sealedHeader: Uint8Array
  readonly commitment: Uint8Array
  readonly nonce: Uint8Array
  /** Padded text and its tag. */
  readonly sealedText: Uint8Array
  /** Everything before `nonce`: the associated data of the text's AEAD. */
  readonly associatedData: Uint8Array
}

/** An envelope with its fixed parts laid out, to be filled in place. */
export interface EnvelopeDraft extends EnvelopeParts {
  readonly bytes: Uint8Array<ArrayBuffer>
}

/**
 * Lays out an envelope (PROTOCOL §6.4): version and type are written, the handshake header copied, the rest is zero.
 * @param paddedBytes - length of the padded text, one of `PADDING_BUCKETS`.
 */
export function draftEnvelope(
  handshakeHeader: Uint8Array | null,
  paddedBytes: number,
): EnvelopeDraft {
  const headerBytes = handshakeHeader === null ? 0 : HANDSHAKE_HEADER_BYTES
  const bytes = new Uint8Array(MESSAGE_OVERHEAD_BYTES + headerBytes + paddedBytes)
  bytes[0] = PROTOCOL_VERSION
  bytes[1] = handshakeHeader === null ? TYPE_BYTES.message : TYPE_BYTES.initial
  if (handshakeHeader !== null) bytes.set(handshakeHeader, PREFIX_BYTES)
  return { bytes, ...splitParts(bytes, handshakeHeader === null ? 'message' : 'initial') }
}

/**
 * Splits an envelope into its parts. Only the layout is checked.
 * @returns `UNKNOWN_VERSION` for another version byte, `MESSAGE_UNREADABLE` for anything else that has not the layout.
 */
export function parseEnvelope(
  bytes: Uint8Array,
): Result<EnvelopeParts, Failure<'UNKNOWN_VERSION' | 'MESSAGE_UNREADABLE'>> {
  const [version, typeByte] = bytes
  if (version === undefined) return err(failure('MESSAGE_UNREADABLE'))
  if (version !== PROTOCOL_VERSION) return err(failure('UNKNOWN_VERSION'))
  const type =
    typeByte === TYPE_BYTES.message ? 'message' : typeByte === TYPE_BYTES.initial ? 'initial' : null
  if (type === null) return err(failure('MESSAGE_UNREADABLE'))
  const headerBytes = type === 'initial' ? HANDSHAKE_HEADER_BYTES : 0
  const paddedBytes = bytes.length - MESSAGE_OVERHEAD_BYTES - headerBytes
  if (!PADDING_BUCKETS.includes(paddedBytes)) return err(failure('MESSAGE_UNREADABLE'))
  return ok(splitParts(bytes, type))
}

function splitParts(bytes: Uint8Array, type: EnvelopeType): EnvelopeParts {
  const start = PREFIX_BYTES + (type === 'initial' ? HANDSHAKE_HEADER_BYTES : 0)
  return {
    type,
    handshakeHeader: type === 'initial' ? bytes.subarray(PREFIX_BYTES, start) : null,
    headerNonce: bytes.subarray(start, start + SEALED_HEADER_OFFSET),
    sealedHeader: bytes.subarray(start + SEALED_HEADER_OFFSET, start + COMMITMENT_OFFSET),
    commitment: bytes.subarray(start + COMMITMENT_OFFSET, start + NONCE_OFFSET),
    nonce: bytes.subarray(start + NONCE_OFFSET, start + BODY_OFFSET),
    sealedText: bytes.subarray(start + BODY_OFFSET),
    associatedData: bytes.subarray(0, start + NONCE_OFFSET),
  }
}

/** The parts of a handshake header (PROTOCOL §5.4): views into its bytes. */
export interface HandshakeHeaderParts {
  readonly salt: Uint8Array
  readonly ephemeral: Uint8Array
  readonly kemCiphertext: Uint8Array
  readonly sealedPrekeyIds: Uint8Array
  readonly sealedIdentity: Uint8Array
}

/** Splits a handshake header of exactly `HANDSHAKE_HEADER_BYTES`. */
export function splitHandshakeHeader(header: Uint8Array): HandshakeHeaderParts {
  return {
    salt: header.subarray(0, EPHEMERAL_OFFSET),
    ephemeral: header.subarray(EPHEMERAL_OFFSET, KEM_CIPHERTEXT_OFFSET),
    kemCiphertext: header.subarray(KEM_CIPHERTEXT_OFFSET, SEALED_PREKEY_IDS_OFFSET),
    sealedPrekeyIds: header.subarray(SEALED_PREKEY_IDS_OFFSET, SEALED_IDENTITY_OFFSET),
    sealedIdentity: header.subarray(SEALED_IDENTITY_OFFSET),
  }
}

/** What anyone who sees an envelope, the relay above all, can read of it. For display. */
export type EnvelopeDescription =
  | {
      readonly known: true
      readonly version: number
      readonly type: EnvelopeType
      readonly totalBytes: number
      /** The parts in wire order with their lengths; all but version and type look random. */
      readonly parts: readonly { readonly name: EnvelopePartName; readonly bytes: number }[]
    }
  | { readonly known: false; readonly version: number | null; readonly totalBytes: number }

export type EnvelopePartName =
  | 'version'
  | 'type'
  | 'handshake'
  | 'headerNonce'
  | 'sealedHeader'
  | 'commitment'
  | 'nonce'
  | 'sealedText'

/** Lists the public parts of an envelope. */
export function describeEnvelope(bytes: Uint8Array): EnvelopeDescription {
  const totalBytes = bytes.length
  const parsed = parseEnvelope(bytes)
  if (!parsed.ok) return { known: false, version: bytes[0] ?? null, totalBytes }
  const { type, handshakeHeader, headerNonce, sealedHeader, commitment, nonce, sealedText } =
    parsed.value
  return {
    known: true,
    version: PROTOCOL_VERSION,
    type,
    totalBytes,
    parts: [
      { name: 'version', bytes: 1 },
      { name: 'type', bytes: 1 },
      ...(handshakeHeader === null
        ? []
        : [{ name: 'handshake' as const, bytes: handshakeHeader.length }]),
      { name: 'headerNonce', bytes: headerNonce.length },
      { name: 'sealedHeader', bytes: sealedHeader.length },
      { name: 'commitment', bytes: commitment.length },
      { name: 'nonce', bytes: nonce.length },
      { name: 'sealedText', bytes: sealedText.length },
    ],
  }
}
