import {
  AEAD_NONCE_BYTES,
  draftEnvelope,
  parseEnvelope,
  POINT_BYTES,
  type EnvelopeParts,
} from '#protocol/envelope.ts'
import { paddedLength } from '#protocol/padding.ts'
import { encodeUtf8, equalPublicBytes } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { handshakeIdOf } from './handshake-id.ts'
import { hkdfSha256 } from './hkdf.ts'
import { advanceChainKey, openText, sealText } from './message-key.ts'
import {
  AeadKey,
  AgreementKeyPair,
  wipe,
  type AgreementPublicKey,
  type RandomSource,
} from './primitives.ts'
import { decodeAgreementPublicKey } from './public-keys.ts'
import {
  MAX_CHAIN_LENGTH,
  MAX_SKIPPED_PER_CHAIN,
  RATCHET_KEY_BYTES,
  type Chain,
  type ChainKey,
  type MessageKey,
  type MessagePosition,
  type RootKey,
  type SessionState,
} from './session-state.ts'
import { addSkipped, dropExpired, takeSkipped, type SkippedChains } from './skipped-keys.ts'

const TURN_INFO = encodeUtf8('Sotto v1 ratchet')

/** A sealed message, and the state to store in the same transaction. */
export interface SealedMessage {
  readonly state: SessionState
  readonly envelope: Uint8Array<ArrayBuffer>
  /** For `reopenEnvelope`; as secret as the text. */
  readonly messageKey: MessageKey
  readonly position: MessagePosition
}

/** An opened message, and the state to store in the same transaction. */
export interface OpenedMessage {
  readonly state: SessionState
  readonly plaintext: Uint8Array
  readonly messageKey: MessageKey
  readonly position: MessagePosition
}

/**
 * Pads and seals one message (PROTOCOL §6.4), taking a ratchet turn first where one is due. Nonces are drawn from
 * `random`, which guarantees that none repeats.
 * @throws RangeError above `MAX_PLAINTEXT_BYTES`.
 */
export function sealMessage(
  state: SessionState,
  plaintext: Uint8Array,
  random: RandomSource,
): SealedMessage {
  const paddedBytes = paddedLength(plaintext.length)
  const turned = state.sending === null ? takeSendingTurn(state, random) : state
  const { sending, ratchetPair } = turned
  if (sending === null || ratchetPair === null) throw new TypeError('no sending chain after a turn')
  if (sending.next >= MAX_CHAIN_LENGTH) throw new RangeError('the chain is used up')
  const { chainKey, messageKey } = advanceChainKey(sending.chainKey)
  const draft = draftEnvelope(turned.handshakeHeader, paddedBytes)
  draft.headerNonce.set(random(AEAD_NONCE_BYTES))
  writeHeader(draft.sealedHeader, ratchetPair.publicKey, sending.next, turned.previousLength)
  sending.headerKey.sealInPlace(draft.sealedHeader, draft.headerNonce)
  sealText(messageKey, draft, plaintext, random)
  return {
    state: { ...turned, sending: { ...sending, chainKey, next: sending.next + 1 } },
    envelope: draft.bytes,
    messageKey,
    position: { turn: sending.turn, number: sending.next },
  }
}

/**
 * Opens one message (PROTOCOL §6.5). On a failure the given state stays the current one: nothing was changed, and at
 * most seven headers were tried.
 * @param envelope - a message, or an initial message of the handshake this session came from.
 * @param nowMs - dates skipped keys, which expire.
 * @returns one and the same code whatever did not fit; an unknown version has its own.
 */
export function openMessage(
  state: SessionState,
  envelope: Uint8Array,
  nowMs: number,
): Result<OpenedMessage, Failure<'MESSAGE_UNREADABLE' | 'UNKNOWN_VERSION'>> {
  const parsed = parseEnvelope(envelope)
  if (!parsed.ok) return parsed
  const parts = parsed.value
  const { handshakeHeader } = parts
  if (
    handshakeHeader !== null &&
    !equalPublicBytes(handshakeIdOf(handshakeHeader), state.handshakeId)
  ) {
    return err(failure('MESSAGE_UNREADABLE'))
  }
  const skipped = dropExpired(state.skipped, nowMs)
  const current = skipped === state.skipped ? state : { ...state, skipped }
  const located = locateKey(current, parts, nowMs)
  const plaintext = located && openText(located.messageKey, parts)
  if (!plaintext) return err(failure('MESSAGE_UNREADABLE'))
  const { state: next, messageKey, position } = located
  // An answer proves that the peer has the session: the handshake need not be repeated any more.
  const answered = next.handshakeHeader === null ? next : { ...next, handshakeHeader: null }
  return ok({ state: answered, plaintext, messageKey, position })
}

interface LocatedKey {
  readonly state: SessionState
  readonly messageKey: MessageKey
  readonly position: MessagePosition
}

interface RatchetHeader {
  readonly ratchetKey: Uint8Array
  readonly number: number
  readonly previousLength: number
}

/** Finds the message key and the state after it, by whichever header key opens the header; most likely ones first. */
function locateKey(state: SessionState, parts: EnvelopeParts, nowMs: number): LocatedKey | null {
  const { receiving, sending, skipped } = state
  const tryCurrent = (): LocatedKey | null => {
    const header = receiving && openHeader(receiving.headerKey, parts)
    return header && receiveCurrent(state, receiving, header.number, nowMs)
  }
  const tryNext = (): LocatedKey | null => {
    const header = openHeader(state.nextReceivingHeaderKey, parts)
    return header && receiveTurn(state, header, nowMs)
  }
  // Whoever has sent since the peer's last turn is waiting for the next one.
  const recent = sending === null ? (tryCurrent() ?? tryNext()) : (tryNext() ?? tryCurrent())
  if (recent !== null) return recent
  for (const { headerKey, turn } of skipped) {
    const late = turn === receiving?.turn ? null : openHeader(headerKey, parts)
    if (late) return locateSkipped(state, turn, late.number)
  }
  return null
}

function receiveCurrent(
  state: SessionState,
  receiving: Chain,
  number: number,
  nowMs: number,
): LocatedKey | null {
  return number < receiving.next
    ? locateSkipped(state, receiving.turn, number)
    : receiveFromChain(state, receiving, state.skipped, number, nowMs)
}

function locateSkipped(state: SessionState, turn: number, number: number): LocatedKey | null {
  const taken = takeSkipped(state.skipped, turn, number)
  return (
    taken && {
      state: { ...state, skipped: taken.skipped },
      messageKey: taken.key,
      position: { turn, number },
    }
  )
}

/** The peer has a new ratchet key: closes the current receiving chain and begins the next. */
function receiveTurn(state: SessionState, header: RatchetHeader, nowMs: number): LocatedKey | null {
  const peerKey = decodeAgreementPublicKey(header.ratchetKey)
  if (!peerKey.ok || state.ratchetPair === null) return null
  const closed =
    state.receiving && skipTo(state.receiving, state.skipped, header.previousLength, nowMs)
  if (state.receiving !== null && closed === null) return null
  const derived = deriveTurn(state.rootKey, state.ratchetPair, peerKey.value)
  const turn = state.turns + 1
  const receiving: Chain = {
    headerKey: state.nextReceivingHeaderKey,
    chainKey: derived.chainKey,
    next: 0,
    turn,
  }
  const turned: SessionState = {
    ...state,
    rootKey: derived.rootKey,
    peerRatchetKey: peerKey.value,
    nextReceivingHeaderKey: derived.nextHeaderKey,
    sending: null,
    previousLength: state.sending?.next ?? state.previousLength,
    turns: turn,
  }
  const skipped = closed?.skipped ?? state.skipped
  return receiveFromChain(turned, receiving, skipped, header.number, nowMs)
}

function receiveFromChain(
  state: SessionState,
  receiving: Chain,
  skipped: SkippedChains,
  number: number,
  nowMs: number,
): LocatedKey | null {
  const reached = skipTo(receiving, skipped, number, nowMs)
  if (reached === null) return null
  const { chainKey, messageKey } = advanceChainKey(reached.chain.chainKey)
  return {
    state: {
      ...state,
      receiving: { ...receiving, chainKey, next: number + 1 },
      skipped: reached.skipped,
    },
    messageKey,
    position: { turn: receiving.turn, number },
  }
}

/** Advances a receiving chain to `number`, keeping the keys in between. @returns `null` beyond the limit. */
function skipTo(
  chain: Chain,
  skipped: SkippedChains,
  number: number,
  nowMs: number,
): { readonly chain: Chain; readonly skipped: SkippedChains } | null {
  if (number <= chain.next) return { chain, skipped }
  if (number - chain.next > MAX_SKIPPED_PER_CHAIN) return null
  const keys: MessageKey[] = []
  let { chainKey } = chain
  while (keys.length < number - chain.next) {
    const step = advanceChainKey(chainKey)
    keys.push(step.messageKey)
    chainKey = step.chainKey
  }
  return {
    chain: { ...chain, chainKey, next: number },
    skipped: addSkipped(skipped, chain, keys, nowMs),
  }
}

/** Begins our next sending chain with a fresh ratchet key. */
function takeSendingTurn(state: SessionState, random: RandomSource): SessionState {
  if (state.peerRatchetKey === null) throw new TypeError('nothing was received yet')
  const ratchetPair = AgreementKeyPair.generate(random)
  const derived = deriveTurn(state.rootKey, ratchetPair, state.peerRatchetKey)
  const turn = state.turns + 1
  return {
    ...state,
    rootKey: derived.rootKey,
    ratchetPair,
    sending: {
      headerKey: state.nextSendingHeaderKey,
      chainKey: derived.chainKey,
      next: 0,
      turn,
    },
    nextSendingHeaderKey: derived.nextHeaderKey,
    turns: turn,
  }
}

/** HKDF(agreement, salt = root key) = root key(32) ‖ chain key(32) ‖ next header key(32) (PROTOCOL §6.1). */
function deriveTurn(
  rootKey: RootKey,
  pair: AgreementKeyPair,
  peerKey: AgreementPublicKey,
): { rootKey: RootKey; chainKey: ChainKey; nextHeaderKey: AeadKey } {
  const agreement = pair.agree(peerKey)
  const output = hkdfSha256(agreement, rootKey, TURN_INFO, 3 * RATCHET_KEY_BYTES)
  const derived = {
    rootKey: output.slice(0, RATCHET_KEY_BYTES) as RootKey,
    chainKey: output.slice(RATCHET_KEY_BYTES, 2 * RATCHET_KEY_BYTES) as ChainKey,
    nextHeaderKey: new AeadKey(output.subarray(2 * RATCHET_KEY_BYTES)),
  }
  wipe(agreement, output)
  return derived
}

function writeHeader(
  target: Uint8Array,
  ratchetKey: AgreementPublicKey,
  number: number,
  previousLength: number,
): void {
  target.set(ratchetKey)
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength)
  view.setUint32(POINT_BYTES, number)
  view.setUint32(POINT_BYTES + 4, previousLength)
}

function openHeader(headerKey: AeadKey, parts: EnvelopeParts): RatchetHeader | null {
  const header = headerKey.open(parts.headerNonce, parts.sealedHeader)
  if (header === null) return null
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  return {
    ratchetKey: header.subarray(0, POINT_BYTES),
    number: view.getUint32(POINT_BYTES),
    previousLength: view.getUint32(POINT_BYTES + 4),
  }
}
