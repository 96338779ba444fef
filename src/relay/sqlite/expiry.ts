import type { Database } from 'better-sqlite3'
import type { MailboxId } from '../storage.ts'

interface OldEnvelope {
  readonly row: number
  readonly mailbox: MailboxId
  readonly knock: number
  readonly received_ms: number
  readonly bytes: number | null
}

const BATCH = 500

/** Removes what has had its time, a batch at a time. Synchronous: runs inside a group commit. */
export class Expiry {
  readonly #oldest
  readonly #deleteEnvelope
  readonly #subtract
  readonly #timed
  readonly #tokens

  constructor(database: Database) {
    // Rows are numbered as they arrive, and anew as they are acknowledged: the oldest that wait come first without an
    // index by time, and one that was acknowledged stays at most as long again as it had waited. One that came while the
    // clock was ahead stays until then, and holds up none of those behind it.
    this.#oldest = database.prepare<[number], OldEnvelope>(
      `SELECT row, mailbox, knock, received_ms,
        length(ifnull((SELECT body FROM shared_bodies WHERE id = shared), body)) AS bytes
        FROM envelopes WHERE received_ms <= ? ORDER BY row LIMIT ${BATCH}`,
    )
    this.#deleteEnvelope = database.prepare<[number]>('DELETE FROM envelopes WHERE row = ?')
    this.#subtract = database.prepare<[number, number, MailboxId]>(
      `UPDATE devices SET waiting = waiting - 1, waiting_bytes = waiting_bytes - ?,
        waiting_knocks = waiting_knocks - ? WHERE mailbox = ?`,
    )
    this.#timed = ['bundle_replies', 'nonces', 'invite_codes'].map((table) =>
      database.prepare<[number]>(
        `DELETE FROM ${table} WHERE hash IN (SELECT hash FROM ${table} WHERE expires_ms <= ? LIMIT ${BATCH})`,
      ),
    )
    // Ended tokens are kept as long as a repeated deposit or registration may still arrive.
    this.#tokens = ['ended_ms', 'expires_ms'].map((column) =>
      database.prepare<[number]>(
        `DELETE FROM tokens WHERE hash IN (SELECT hash FROM tokens WHERE ${column} <= ? LIMIT ${BATCH})`,
      ),
    )
  }

  run(nowMs: number, retentionMs: number): number {
    let removed = 0
    for (const statement of this.#timed) removed += statement.run(nowMs).changes
    for (const statement of this.#tokens) removed += statement.run(nowMs - retentionMs).changes
    for (const envelope of this.#oldest.all(nowMs)) {
      if (envelope.received_ms > nowMs - retentionMs) break
      this.#deleteEnvelope.run(envelope.row)
      if (envelope.bytes !== null) {
        this.#subtract.run(envelope.bytes, envelope.knock, envelope.mailbox)
      }
      removed += 1
    }
    return removed
  }
}
