import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'
import { concatBytes } from '#shared/bytes.ts'
import { SIGNATURE_BYTES } from './der-signature.ts'
import { HASH_BYTES } from './merkle-log.ts'
import type { SigningKeyPair, SigningPublicKey } from './primitives.ts'
import { signStatement, verifyStatement } from './signatures.ts'

const VERSION = 1

/** What a relay says about its whole log at one moment. */
export interface Checkpoint {
  /** Entries in the log. */
  readonly size: number
  /** Root of the Merkle tree over them, 32 bytes. */
  readonly root: Uint8Array
  /** When it was signed, by the relay's clock. */
  readonly signedAtMs: number
}

/**
 * Signs a checkpoint with the log's key (PROTOCOL §18.5).
 * Layout: version(1) ‖ size(8) ‖ root(32) ‖ time in ms(8) ‖ signature(64) over all before it.
 */
export function createCheckpoint(logKey: SigningKeyPair, checkpoint: Checkpoint): Uint8Array {
  const body = new BinaryWriter()
    .uint8(VERSION)
    .uint64(checkpoint.size)
    .bytes(checkpoint.root)
    .uint64(checkpoint.signedAtMs)
    .finish()
  return concatBytes(body, signStatement(logKey, 'checkpoint', body))
}

/** Reads a checkpoint without its signature: one that was verified before it was stored. @returns `null` where it is none. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint | null {
  const reader = new BinaryReader(bytes)
  reader.require(reader.uint8() === VERSION)
  const size = reader.uint64()
  const root = reader.bytes(HASH_BYTES)
  const signedAtMs = reader.uint64()
  reader.bytes(SIGNATURE_BYTES)
  return reader.finish() ? { size, root, signedAtMs } : null
}

/** Reads and verifies a checkpoint. @returns `null` where the layout or the signature does not fit. */
export function verifyCheckpoint(logKey: SigningPublicKey, bytes: Uint8Array): Checkpoint | null {
  const checkpoint = readCheckpoint(bytes)
  if (checkpoint === null) return null
  const end = bytes.length - SIGNATURE_BYTES
  const [body, signature] = [bytes.subarray(0, end), bytes.subarray(end)]
  return verifyStatement(logKey, 'checkpoint', body, signature) ? checkpoint : null
}
