import { concatBytes, encodeUtf8 } from '#shared/bytes.ts'
import { parseEnvelope } from '#protocol/envelope.ts'
import { sha256 } from './primitives.ts'
import type { HandshakeId } from './session-state.ts'

/** SHA-256 over a label and the whole handshake header, ephemeral key and sealed prekey ids included (PROTOCOL §5.5). */
export function handshakeIdOf(handshakeHeader: Uint8Array): HandshakeId {
  return sha256(concatBytes(encodeUtf8('Sotto v1 handshake id\0'), handshakeHeader)) as HandshakeId
}

/**
 * Names the handshake an envelope belongs to, at the cost of one hash: where a session has this `handshakeId`, the
 * envelope is opened with it; where it is remembered without a session, the envelope is a replay.
 * @returns `null` for anything but an initial message.
 */
export function readHandshakeId(envelope: Uint8Array): HandshakeId | null {
  const parts = parseEnvelope(envelope)
  return parts.ok && parts.value.handshakeHeader ? handshakeIdOf(parts.value.handshakeHeader) : null
}
