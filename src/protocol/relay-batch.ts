import { BinaryReader, BinaryWriter } from './binary.ts'
import {
  DELIVERY_TOKEN_BYTES,
  ENVELOPE_ID_BYTES,
  MAX_BATCH_TARGETS,
  MAX_ENVELOPE_BYTES,
} from './relay-limits.ts'

// The body of `POST /v1/envelopes:batch` (RELAY-API §6.7). Numbers are big-endian.

/** One mailbox that gets the body of a batch. */
export interface BatchTarget {
  /** 16 random bytes. */
  readonly id: Uint8Array
  /** 32 bytes. */
  readonly token: Uint8Array
  readonly deviceId: number
}

/** One body for many mailboxes. */
export interface Batch {
  readonly targets: readonly BatchTarget[]
  readonly body: Uint8Array
}

const VERSION = 1
const HEADER_BYTES = 3
const TARGET_BYTES = ENVELOPE_ID_BYTES + DELIVERY_TOKEN_BYTES + 4
export const MAX_BATCH_BYTES: number =
  HEADER_BYTES + MAX_BATCH_TARGETS * TARGET_BYTES + MAX_ENVELOPE_BYTES

/**
 * Layout: 1 ‖ count(2) ‖ count × (id(16) ‖ token(32) ‖ device(4)) ‖ body.
 * @throws RangeError where there are no targets, or more than {@link MAX_BATCH_TARGETS}, or a part has another length.
 */
export function encodeBatch({ targets, body }: Batch): Uint8Array<ArrayBuffer> {
  if (targets.length === 0 || targets.length > MAX_BATCH_TARGETS) {
    throw new RangeError(`a batch has 1 to ${MAX_BATCH_TARGETS} targets`)
  }
  const writer = new BinaryWriter().uint8(VERSION).uint16(targets.length)
  for (const { id, token, deviceId } of targets) {
    if (id.length !== ENVELOPE_ID_BYTES || token.length !== DELIVERY_TOKEN_BYTES) {
      throw new RangeError('an id has 16 bytes and a token 32')
    }
    writer.bytes(id).bytes(token).uint32(deviceId)
  }
  return writer.bytes(body).finish()
}

/**
 * Reads what {@link encodeBatch} wrote.
 * @returns `null` for another version, no target or too many, no body, or where a part is missing.
 */
export function decodeBatch(bytes: Uint8Array): Batch | null {
  const reader = new BinaryReader(bytes)
  reader.require(reader.uint8() === VERSION)
  const count = reader.uint16()
  reader.require(count > 0 && count <= MAX_BATCH_TARGETS)
  const targets: BatchTarget[] = []
  for (let index = 0; reader.ok && index < count; index++) {
    const id = reader.bytes(ENVELOPE_ID_BYTES)
    const token = reader.bytes(DELIVERY_TOKEN_BYTES)
    targets.push({ id, token, deviceId: reader.uint32() })
  }
  const body = bytes.subarray(HEADER_BYTES + count * TARGET_BYTES)
  return reader.ok && body.length > 0 ? { targets, body } : null
}
