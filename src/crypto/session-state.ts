import type { Brand } from '#shared/brand.ts'
import type { AeadKey, AgreementKeyPair, AgreementPublicKey } from './primitives.ts'

/** 16 bytes both sides derive equally. */
export type SessionId = Brand<Uint8Array, 'SessionId'>
/** SHA-256 over the handshake header: names the handshake, for replay memory and for later initial messages. */
export type HandshakeId = Brand<Uint8Array, 'HandshakeId'>
/** 32 bytes each. */
export type RootKey = Brand<Uint8Array, 'RootKey'>
export type ChainKey = Brand<Uint8Array, 'ChainKey'>
export type MessageKey = Brand<Uint8Array, 'MessageKey'>

export const SESSION_ID_BYTES = 16
export const HANDSHAKE_ID_BYTES = 32
export const RATCHET_KEY_BYTES = 32

/** Limits of PROTOCOL §6.6. */
export const MAX_SKIPPED_PER_CHAIN = 1000
export const MAX_SKIPPED_PER_SESSION = 2000
export const MAX_SKIPPED_CHAINS = 5
export const SKIPPED_KEY_LIFETIME_MS = 30 * 86_400_000
/** Chains end long before a random nonce could repeat under one header key (NIST SP 800-38D §8.3). */
export const MAX_CHAIN_LENGTH = 0xffff_ffff
/** Generations are times in milliseconds: this is far in the future, and still a safe integer. */
export const MAX_GENERATION = 2 ** 48 - 1

/** One direction's chain of message keys. */
export interface Chain {
  readonly headerKey: AeadKey
  readonly chainKey: ChainKey
  /** Number of the next message. */
  readonly next: number
  /** Which chain of the session this is, counted from 1 over both directions. */
  readonly turn: number
}

/** A message key kept for a message that has not come yet. */
export interface SkippedKey {
  readonly key: MessageKey
  readonly skippedAtMs: number
}

/** The skipped keys of one receiving chain, by message number, the oldest first. */
export interface SkippedChain {
  readonly headerKey: AeadKey
  readonly turn: number
  readonly keys: ReadonlyMap<number, SkippedKey>
}

/**
 * One side of a session: immutable, and secret. Each operation gives a new state that shares what did not change; the
 * caller stores the new one in the transaction that stores what the operation gave, and lets the old one go.
 */
export interface SessionState {
  readonly id: SessionId
  readonly handshakeId: HandshakeId
  /** Orders the sessions with one device: see {@link compareSessions}. */
  readonly generation: number
  /** The initiator's handshake header, repeated in front of every message until the peer has answered. */
  readonly handshakeHeader: Uint8Array | null
  readonly rootKey: RootKey
  /** Ours; absent in the responder before its first message. */
  readonly ratchetPair: AgreementKeyPair | null
  /** Theirs; absent in the initiator before the first answer. */
  readonly peerRatchetKey: AgreementPublicKey | null
  /** Absent when the next message to send takes a ratchet turn first. */
  readonly sending: Chain | null
  readonly receiving: Chain | null
  readonly nextSendingHeaderKey: AeadKey
  readonly nextReceivingHeaderKey: AeadKey
  /** Length of our chain before the current one. */
  readonly previousLength: number
  /** Chains begun so far, in both directions. */
  readonly turns: number
  /** The oldest chain first. */
  readonly skipped: readonly SkippedChain[]
}

/** Where in its session a message stands: unique in a session and direction. */
export interface MessagePosition {
  readonly turn: number
  readonly number: number
}

/**
 * Orders the sessions with one device, the one to send on first (PROTOCOL §5.6). Both sides get the same order: a newer
 * generation wins; where both began at once, the lower id. All of them stay good for receiving.
 */
export function compareSessions(
  a: Pick<SessionState, 'generation' | 'id'>,
  b: Pick<SessionState, 'generation' | 'id'>,
): number {
  if (a.generation !== b.generation) return b.generation - a.generation
  return Buffer.compare(a.id, b.id)
}
