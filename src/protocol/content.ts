import { cleanDisplayName } from './display-names.ts'
import { MAX_TEXT_BYTES, MAX_TEXT_CHARS } from '#shared/text-limits.ts'
import { CHECKPOINT_BYTES } from './relay-limits.ts'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import {
  ContentSchema,
  PlaintextSchema,
  type Content as ContentPb,
} from './generated/content_pb.ts'

// The checked form of what is inside an envelope (PROTOCOL §14), over the generated protobuf types.

export const MESSAGE_ID_BYTES = 16
export const ENVELOPE_ID_BYTES = 16
export const MAX_DISPLAY_NAME_CHARS = 64
export const MAX_EXCERPT_CHARS = 200
/** Ids in one receipt or resend request. */
export const MAX_IDS = 200
const MAX_CHECKPOINTS = 4
const MAX_RELAY_CHARS = 300
const LOG_KEY_BYTES = 65
const TOKEN_BYTES = 32
const INVITE_PROOF_BYTES = 32
const SIGNATURE_BYTES = 64
/** Times beyond this are nonsense (year 2255) and would break dates; they are clamped. */
const MAX_TIME_MS = 9_000_000_000_000

/** Several parts may travel together; a receiver takes them in this order. */
export interface Content {
  readonly sentAtMs: number
  readonly profile?: { readonly displayName: string }
  /** A delivery token (32 bytes) that replaces any earlier one. */
  readonly tokenGrant?: Uint8Array
  readonly receipts?: {
    readonly delivered: readonly Uint8Array[]
    readonly read: readonly Uint8Array[]
    /** Hashes of envelopes (`envelopeHash`). */
    readonly envelopes: readonly Uint8Array[]
  }
  readonly resendRequest?: {
    readonly envelopeIds: readonly Uint8Array[]
    readonly nothingToResend: readonly Uint8Array[]
  }
  readonly text?: TextContent
  readonly signedMode?: boolean
  /** Of the logs of relays, as the sender has verified them. */
  readonly checkpoints?: readonly SeenCheckpoint[]
  /** Shows that the sender has the invite link whose token was used (32 bytes). */
  readonly inviteProof?: Uint8Array
}

export interface SeenCheckpoint {
  readonly relay: string
  /** 65 bytes. */
  readonly logKey: Uint8Array
  readonly checkpoint: Uint8Array
}

export interface TextContent {
  readonly messageId: Uint8Array
  readonly text: string
  readonly replyTo?: {
    readonly messageId: Uint8Array
    readonly byReceiver: boolean
    readonly excerpt: string
  }
  /** The envelope that could not be opened, where this is a repetition. */
  readonly resentFor?: Uint8Array
}

/** Encodes content. The result is what a signature covers. */
export function encodeContent(content: Content): Uint8Array {
  const {
    profile,
    tokenGrant,
    receipts,
    resendRequest,
    text,
    signedMode,
    checkpoints,
    inviteProof,
  } = content
  return toBinary(
    ContentSchema,
    create(ContentSchema, {
      sentAtMs: BigInt(content.sentAtMs),
      ...(profile && { profile: { displayName: profile.displayName } }),
      ...(tokenGrant && { tokenGrant: { token: tokenGrant } }),
      ...(receipts && {
        receipts: {
          delivered: [...receipts.delivered],
          read: [...receipts.read],
          envelopes: [...receipts.envelopes],
        },
      }),
      ...(resendRequest && {
        resendRequest: {
          envelopeIds: [...resendRequest.envelopeIds],
          nothingToResend: [...resendRequest.nothingToResend],
        },
      }),
      ...(text && {
        text: {
          messageId: text.messageId,
          text: text.text,
          ...(text.replyTo && { replyTo: text.replyTo }),
          ...(text.resentFor && { resentFor: text.resentFor }),
        },
      }),
      ...(signedMode !== undefined && { signedMode: { on: signedMode } }),
      ...(checkpoints && { checkpoints: checkpoints.map((seen) => ({ ...seen })) }),
      ...(inviteProof && { inviteProof: { proof: inviteProof } }),
    }),
  )
}

/**
 * Decodes and checks content from a peer.
 * @returns `null` where it is not well-formed or a field breaks its limit.
 */
export function decodeContent(bytes: Uint8Array): Content | null {
  const content = parse(() => fromBinary(ContentSchema, bytes))
  if (content === null) return null
  const { profile, tokenGrant, receipts, resendRequest, signedMode, checkpoints, inviteProof } =
    content
  if (profile && !isDisplayNameSendable(profile.displayName)) return null
  if (tokenGrant && tokenGrant.token.length !== TOKEN_BYTES) return null
  if (
    receipts &&
    !(areIds(receipts.delivered) && areIds(receipts.read) && areIds(receipts.envelopes))
  ) {
    return null
  }
  if (
    resendRequest &&
    !(areIds(resendRequest.envelopeIds) && areIds(resendRequest.nothingToResend))
  ) {
    return null
  }
  if (checkpoints.length > MAX_CHECKPOINTS || !checkpoints.every(isCheckpoint)) return null
  if (inviteProof && inviteProof.proof.length !== INVITE_PROOF_BYTES) return null
  const text = content.text ? checkText(content.text) : undefined
  if (text === null) return null
  return {
    sentAtMs: content.sentAtMs > BigInt(MAX_TIME_MS) ? MAX_TIME_MS : Number(content.sentAtMs),
    ...(profile && { profile: { displayName: cleanDisplayName(profile.displayName) } }),
    ...(tokenGrant && { tokenGrant: tokenGrant.token }),
    ...(receipts && {
      receipts: {
        delivered: receipts.delivered,
        read: receipts.read,
        envelopes: receipts.envelopes,
      },
    }),
    ...(resendRequest && {
      resendRequest: {
        envelopeIds: resendRequest.envelopeIds,
        nothingToResend: resendRequest.nothingToResend,
      },
    }),
    ...(text && { text }),
    ...(signedMode && { signedMode: signedMode.on }),
    ...(checkpoints.length > 0 && {
      checkpoints: checkpoints.map(({ relay, logKey, checkpoint }) => ({
        relay,
        logKey,
        checkpoint,
      })),
    }),
    ...(inviteProof && { inviteProof: inviteProof.proof }),
  }
}

/** Whether the sender keeps an envelope with this content until it is confirmed: all but what only confirms. */
export function awaitsReceipt(content: Content): boolean {
  const { profile, tokenGrant, resendRequest, text, signedMode } = content
  return [profile, tokenGrant, resendRequest, text, signedMode].some((part) => part !== undefined)
}

function checkText(text: NonNullable<ContentPb['text']>): TextContent | null {
  const { messageId, replyTo, resentFor } = text
  if (messageId.length !== MESSAGE_ID_BYTES || !isTextSendable(text.text)) return null
  if (replyTo && replyTo.messageId.length !== MESSAGE_ID_BYTES) return null
  if (replyTo && [...replyTo.excerpt].length > MAX_EXCERPT_CHARS) return null
  if (resentFor.length !== 0 && resentFor.length !== ENVELOPE_ID_BYTES) return null
  return {
    messageId,
    text: text.text,
    ...(replyTo && {
      replyTo: {
        messageId: replyTo.messageId,
        byReceiver: replyTo.byReceiver,
        excerpt: replyTo.excerpt,
      },
    }),
    ...(resentFor.length > 0 && { resentFor }),
  }
}

/** Whether a text is within the limits of one message: not empty, and short enough in characters and bytes. */
export function isTextSendable(text: string): boolean {
  if (text.length === 0 || text.length > MAX_TEXT_CHARS) return false
  // UTF-16 units take at most three bytes each: only long texts need counting.
  return (
    text.length * 3 <= MAX_TEXT_BYTES || new TextEncoder().encode(text).length <= MAX_TEXT_BYTES
  )
}

/** Whether a name is within the limit of what others take for one. */
export function isDisplayNameSendable(name: string): boolean {
  return [...name].length <= MAX_DISPLAY_NAME_CHARS
}

/** Cuts a text to an excerpt of at most 200 characters, never inside a surrogate pair. */
export function excerptOf(text: string): string {
  return Array.from(text.slice(0, 2 * MAX_EXCERPT_CHARS))
    .slice(0, MAX_EXCERPT_CHARS)
    .join('')
}

/** Frames content, with its signature in a conversation of signed messages. */
export function encodePlaintext(plaintext: {
  readonly content: Uint8Array
  readonly signature: Uint8Array | null
}): Uint8Array {
  const { content, signature } = plaintext
  return toBinary(
    PlaintextSchema,
    create(PlaintextSchema, { content, ...(signature && { signature }) }),
  )
}

/**
 * Undoes `encodePlaintext`.
 * @returns `null` where it is not well-formed; `signature` is `null` or 64 bytes.
 */
export function decodePlaintext(
  bytes: Uint8Array,
): { readonly content: Uint8Array; readonly signature: Uint8Array | null } | null {
  const plaintext = parse(() => fromBinary(PlaintextSchema, bytes))
  if (plaintext === null) return null
  const { content, signature } = plaintext
  if (signature.length !== 0 && signature.length !== SIGNATURE_BYTES) return null
  return { content, signature: signature.length === 0 ? null : signature }
}

function isCheckpoint({ relay, logKey, checkpoint }: SeenCheckpoint): boolean {
  return (
    relay.length <= MAX_RELAY_CHARS &&
    logKey.length === LOG_KEY_BYTES &&
    checkpoint.length === CHECKPOINT_BYTES
  )
}

function areIds(ids: readonly Uint8Array[]): boolean {
  return ids.length <= MAX_IDS && ids.every((id) => id.length === MESSAGE_ID_BYTES)
}

/** The protobuf reader throws on malformed bytes; for a peer's bytes that is an expected outcome. */
function parse<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
