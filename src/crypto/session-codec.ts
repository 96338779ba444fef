import { BinaryReader, BinaryWriter } from '#protocol/binary.ts'
import { HANDSHAKE_HEADER_BYTES, POINT_BYTES } from '#protocol/envelope.ts'
import { AEAD_KEY_BYTES, AeadKey, AgreementKeyPair, SCALAR_BYTES } from './primitives.ts'
import { decodeAgreementPublicKey } from './public-keys.ts'
import {
  HANDSHAKE_ID_BYTES,
  MAX_GENERATION,
  MAX_SKIPPED_CHAINS,
  MAX_SKIPPED_PER_CHAIN,
  MAX_SKIPPED_PER_SESSION,
  RATCHET_KEY_BYTES,
  SESSION_ID_BYTES,
  type Chain,
  type ChainKey,
  type HandshakeId,
  type MessageKey,
  type RootKey,
  type SessionId,
  type SessionState,
  type SkippedChain,
  type SkippedKey,
} from './session-state.ts'
import type { SkippedChains } from './skipped-keys.ts'

const STATE_VERSION = 1

/** Serialises a session for the encrypted store. Holds every key of it: never stored or sent in the clear. */
export function encodeSession(state: SessionState): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
    .uint8(STATE_VERSION)
    .bytes(state.id)
    .bytes(state.handshakeId)
    .uint64(state.generation)
    .bytes(state.rootKey)
    .bytes(state.nextSendingHeaderKey.exportBytes())
    .bytes(state.nextReceivingHeaderKey.exportBytes())
    .uint32(state.previousLength)
    .uint32(state.turns)
  writeOptional(writer, state.handshakeHeader, (header) => writer.bytes(header))
  writeOptional(writer, state.ratchetPair, (pair) => writer.bytes(pair.exportScalar()))
  writeOptional(writer, state.peerRatchetKey, (key) => writer.bytes(key))
  writeOptional(writer, state.sending, (chain) => writeChain(writer, chain))
  writeOptional(writer, state.receiving, (chain) => writeChain(writer, chain))
  writer.uint8(state.skipped.length)
  for (const { headerKey, turn, keys } of state.skipped) {
    writer.bytes(headerKey.exportBytes()).uint32(turn).uint16(keys.size)
    for (const [number, { key, skippedAtMs }] of keys) {
      writer.uint32(number).bytes(key).uint64(skippedAtMs)
    }
  }
  return writer.finish()
}

/**
 * Reads a stored session.
 * @returns `null` for anything {@link encodeSession} did not write: the caller repairs the session by a new handshake.
 */
export function decodeSession(bytes: Uint8Array): SessionState | null {
  const reader = new BinaryReader(bytes)
  reader.require(reader.uint8() === STATE_VERSION)
  const id = reader.bytes(SESSION_ID_BYTES) as Uint8Array as SessionId
  const handshakeId = reader.bytes(HANDSHAKE_ID_BYTES) as Uint8Array as HandshakeId
  const generation = reader.uint64()
  const rootKey = reader.bytes(RATCHET_KEY_BYTES) as Uint8Array as RootKey
  const nextSendingHeaderKey = readAeadKey(reader)
  const nextReceivingHeaderKey = readAeadKey(reader)
  const previousLength = reader.uint32()
  const turns = reader.uint32()
  const handshakeHeader = readOptional(reader, () => reader.bytes(HANDSHAKE_HEADER_BYTES))
  const ratchetPair = readOptional(reader, () => {
    const pair = AgreementKeyPair.fromScalar(reader.bytes(SCALAR_BYTES))
    reader.require(pair !== null)
    return pair
  })
  const peerRatchetKey = readOptional(reader, () => {
    const key = decodeAgreementPublicKey(reader.bytes(POINT_BYTES))
    reader.require(key.ok)
    return key.ok ? key.value : null
  })
  const sending = readOptional(reader, () => readChain(reader, turns))
  const receiving = readOptional(reader, () => readChain(reader, turns))
  const skipped = readSkipped(reader, turns)
  reader.require(generation <= MAX_GENERATION && (sending === null || ratchetPair !== null))
  if (!reader.finish()) return null
  return {
    id,
    handshakeId,
    generation,
    handshakeHeader,
    rootKey,
    ratchetPair,
    peerRatchetKey,
    sending,
    receiving,
    nextSendingHeaderKey,
    nextReceivingHeaderKey,
    previousLength,
    turns,
    skipped,
  }
}

function writeOptional<T>(writer: BinaryWriter, value: T | null, write: (value: T) => void): void {
  writer.uint8(value === null ? 0 : 1)
  if (value !== null) write(value)
}

function readOptional<T>(reader: BinaryReader, read: () => T): T | null {
  const present = reader.uint8()
  reader.require(present <= 1)
  return present === 1 ? read() : null
}

function writeChain(writer: BinaryWriter, { headerKey, chainKey, next, turn }: Chain): void {
  writer.bytes(headerKey.exportBytes()).bytes(chainKey).uint32(next).uint32(turn)
}

function readChain(reader: BinaryReader, turns: number): Chain {
  const headerKey = readAeadKey(reader)
  const chainKey = reader.bytes(RATCHET_KEY_BYTES) as Uint8Array as ChainKey
  const next = reader.uint32()
  const turn = reader.uint32()
  reader.require(turn <= turns)
  return { headerKey, chainKey, next, turn }
}

function readSkipped(reader: BinaryReader, turns: number): SkippedChains {
  const skipped: SkippedChain[] = []
  let total = 0
  const chains = reader.uint8()
  reader.require(chains <= MAX_SKIPPED_CHAINS)
  while (reader.ok && skipped.length < chains) {
    const headerKey = readAeadKey(reader)
    const turn = reader.uint32()
    const size = reader.uint16()
    total += size
    reader.require(turn <= turns && size <= MAX_SKIPPED_PER_CHAIN)
    reader.require(total <= MAX_SKIPPED_PER_SESSION)
    const keys = new Map<number, SkippedKey>()
    for (let i = 0; reader.ok && i < size; i++) {
      const number = reader.uint32()
      const key = reader.bytes(RATCHET_KEY_BYTES) as Uint8Array as MessageKey
      keys.set(number, { key, skippedAtMs: reader.uint64() })
    }
    skipped.push({ headerKey, turn, keys })
  }
  return skipped
}

/** A key of zeros after a failure, which `finish` then reports. */
function readAeadKey(reader: BinaryReader): AeadKey {
  const bytes = reader.bytes(AEAD_KEY_BYTES)
  return new AeadKey(reader.ok ? bytes : new Uint8Array(AEAD_KEY_BYTES))
}
