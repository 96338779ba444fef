import { acceptSession, readInitialMessage } from '#crypto/handshake.ts'
import { readHandshakeId } from '#crypto/handshake-id.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { openMessage, sealMessage, type SealedMessage } from '#crypto/ratchet.ts'
import { decodeSession, encodeSession } from '#crypto/session-codec.ts'
import { compareSessions, type SessionState } from '#crypto/session-state.ts'
import { parseEnvelope } from '#protocol/envelope.ts'
import { decodeUtf8, encodeHex, encodeUtf8 } from '#shared/bytes.ts'
import { createTestDevice, initiate, type TestDevice } from '#test/helpers/crypto-device.ts'

export const NOW_MS = 1_700_000_000_000

/** What came of an envelope: its text, or the code it failed with. */
export type Outcome = { readonly text: string } | { readonly code: string }

/** A client cut down to its sessions with one peer: it begins, accepts, prefers and remembers as PROTOCOL §5 says. */
export class Party {
  readonly device: TestDevice
  sessions: readonly SessionState[] = []
  readonly #remembered = new Set<string>()
  #oneTimeUsed = false

  constructor(address: string) {
    this.device = createTestDevice(address)
  }

  /** The session messages are sent on. */
  get preferred(): SessionState | undefined {
    return this.sessions[0]
  }

  /** Everything that is stored, to see whether anything changed. */
  snapshot(): string {
    return this.sessions.map((session) => encodeHex(encodeSession(session))).join()
  }

  begin(peer: Party): void {
    const newestGeneration = this.preferred?.generation ?? 0
    const session = initiate(this.device, peer.device, { nowMs: NOW_MS, newestGeneration })
    this.#keep(session)
  }

  send(peer: Party, text: string): SealedMessage {
    if (this.preferred === undefined) this.begin(peer)
    const session = this.preferred
    if (session === undefined) throw new Error('no session was begun')
    const sealed = sealMessage(session, encodeUtf8(text), randomBytes)
    this.#keep(sealed.state)
    return sealed
  }

  receive(envelope: Uint8Array, nowMs = NOW_MS): Outcome {
    const parsed = parseEnvelope(envelope)
    if (!parsed.ok) return parsed.error
    const handshakeId = readHandshakeId(envelope)
    for (const session of this.sessions) {
      const opened = openMessage(session, envelope, nowMs)
      if (!opened.ok) continue
      this.#keep(opened.value.state)
      return { text: decodeUtf8(opened.value.plaintext) ?? '' }
    }
    if (handshakeId === null || this.#remembered.has(encodeHex(handshakeId))) {
      return { code: 'MESSAGE_UNREADABLE' }
    }
    const pending = readInitialMessage(this.device.own, envelope)
    if (!pending.ok) return pending.error
    // The one-time prekey is deleted by its first use.
    if (pending.value.oneTimePrekeyId !== null && this.#oneTimeUsed) {
      return { code: 'MESSAGE_UNREADABLE' }
    }
    const accepted = acceptSession({ ...this.device, pending: pending.value, nowMs })
    if (!accepted.ok) return accepted.error
    this.#oneTimeUsed = true
    this.#remembered.add(encodeHex(handshakeId))
    this.#keep(accepted.value.state)
    return { text: decodeUtf8(accepted.value.plaintext) ?? '' }
  }

  /** Stores everything and reads it again, as a restart does. */
  restart(): void {
    this.sessions = this.sessions.map((session) => {
      const decoded = decodeSession(encodeSession(session))
      if (decoded === null) throw new Error('a stored session was not read')
      return decoded
    })
  }

  #keep(state: SessionState): void {
    const id = encodeHex(state.id)
    const others = this.sessions.filter((session) => encodeHex(session.id) !== id)
    this.sessions = [...others, state].toSorted(compareSessions)
  }
}
