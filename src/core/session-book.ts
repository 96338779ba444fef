import { decodeSession, encodeSession } from '#crypto/session-codec.ts'
import { compareSessions, type SessionState } from '#crypto/session-state.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { ContactId } from './model.ts'
import type { Store } from './ports.ts'

/** Sessions kept with one contact: the one that sends, and some that may still receive. */
const SESSIONS_KEPT = 5
/** Contacts whose sessions stay parsed in memory. */
const CONTACTS_KEPT = 200

export interface LiveSession {
  readonly contactId: ContactId
  readonly deviceId: number
  readonly createdAtMs: number
  lastUsedAtMs: number
  state: SessionState
}

/**
 * The sessions by contact, parsed. Changes are written back by `flush`, inside the transaction that made them;
 * `discard` forgets what a transaction that failed has left here.
 */
export class SessionBook {
  readonly #store: Store
  readonly #byContact = new Map<ContactId, LiveSession[]>()
  readonly #dirty = new Map<string, LiveSession>()

  constructor(store: Store) {
    this.#store = store
  }

  /** The contact's sessions, the one to send on first (PROTOCOL §5.6). */
  of(contactId: ContactId): readonly LiveSession[] {
    const known = this.#byContact.get(contactId)
    if (known !== undefined) return known
    if (this.#byContact.size >= CONTACTS_KEPT && this.#dirty.size === 0) this.#byContact.clear()
    const sessions: LiveSession[] = []
    for (const stored of this.#store.sessions.list(contactId)) {
      const { deviceId, createdAtMs, lastUsedAtMs } = stored
      const state = decodeSession(stored.state)
      // A state that cannot be read is as good as none: the next message repairs the session.
      if (state === null) continue
      sessions.push({ contactId, deviceId, createdAtMs, lastUsedAtMs, state })
    }
    sessions.sort((a, b) => compareSessions(a.state, b.state))
    this.#byContact.set(contactId, sessions)
    return sessions
  }

  /** The session to send on. */
  current(contactId: ContactId, deviceId: number): LiveSession | null {
    return this.of(contactId).find((session) => session.deviceId === deviceId) ?? null
  }

  /** Adds a new session; the oldest beyond the limit go. */
  add(session: LiveSession): void {
    const sessions = [...this.of(session.contactId), session].sort((a, b) =>
      compareSessions(a.state, b.state),
    )
    for (const dropped of sessions.splice(SESSIONS_KEPT)) {
      this.#dirty.delete(encodeHex(dropped.state.id))
      this.#store.sessions.remove(dropped.state.id)
    }
    this.#byContact.set(session.contactId, sessions)
    // The new order decides which one is current: all are written.
    for (const each of sessions) this.#markDirty(each)
  }

  /** Replaces a session's state by the one after sealing or opening a message. */
  advance(session: LiveSession, state: SessionState, nowMs: number): void {
    session.state = state
    session.lastUsedAtMs = nowMs
    this.#markDirty(session)
  }

  removeAll(contactId: ContactId): void {
    for (const session of this.of(contactId)) this.#dirty.delete(encodeHex(session.state.id))
    this.#byContact.delete(contactId)
    this.#store.sessions.removeAll(contactId)
  }

  /** Writes what has changed; called inside the transaction. */
  flush(): void {
    for (const session of this.#dirty.values()) {
      const { contactId, deviceId, createdAtMs, lastUsedAtMs, state } = session
      this.#store.sessions.save({
        id: state.id,
        contactId,
        deviceId,
        state: encodeSession(state),
        createdAtMs,
        lastUsedAtMs,
        current: this.current(contactId, deviceId) === session,
      })
    }
    this.#dirty.clear()
  }

  /** Forgets everything parsed: the store has the truth. */
  discard(): void {
    this.#byContact.clear()
    this.#dirty.clear()
  }

  #markDirty(session: LiveSession): void {
    this.#dirty.set(encodeHex(session.state.id), session)
  }
}
