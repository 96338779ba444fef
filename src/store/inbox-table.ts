import type { ContactId, HeldEnvelope } from '#core/model.ts'
import type { InboxTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, errorCodeOrNull, integer, localIdOrNull, oneOf } from './row.ts'

const STATUSES = ['pending', 'failed', 'untaken'] as const

export class SqliteInboxTable implements InboxTable {
  readonly #seen: Statement
  readonly #markSeen: Statement
  readonly #owesReceipt: Statement
  readonly #forgetSeen: Statement
  readonly #forgetSeenBefore: Statement
  readonly #hold: Statement
  readonly #held: Statement
  readonly #listHeld: Statement
  readonly #listHeldOf: Statement
  readonly #updateHeld: Statement
  readonly #release: Statement

  constructor(connection: Connection) {
    this.#seen = connection.statement('SELECT 1 FROM seen WHERE envelope_id = ?')
    this.#markSeen = connection.statement(
      'INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET owes_receipt = excluded.owes_receipt',
    )
    this.#owesReceipt = connection.statement(
      'SELECT 1 FROM seen WHERE envelope_id = ? AND owes_receipt = 1',
    )
    this.#forgetSeen = connection.statement('DELETE FROM seen WHERE envelope_id = ?')
    this.#forgetSeenBefore = connection.statement('DELETE FROM seen WHERE at_ms < ?')
    this.#hold = connection.statement(`
      INSERT OR REPLACE INTO held VALUES (
        NULL, @envelopeId, @label, @envelope, @receivedAtMs, @relayedAtMs, @status, @errorCode,
        @contactId, @messageSeq
      )`)
    this.#held = connection.statement('SELECT * FROM held WHERE envelope_id = ?')
    this.#listHeld = connection.statement('SELECT * FROM held WHERE status = ? ORDER BY id')
    this.#listHeldOf = connection.statement(
      'SELECT * FROM held WHERE contact_id = ? AND status = ? ORDER BY id',
    )
    this.#updateHeld = connection.statement(`
      UPDATE held SET
        received_at_ms = @receivedAtMs, relayed_at_ms = @relayedAtMs, status = @status,
        error_code = @errorCode, contact_id = @contactId, message_seq = @messageSeq
      WHERE envelope_id = @envelopeId`)
    this.#release = connection.statement('DELETE FROM held WHERE envelope_id = ?')
  }

  seen(envelopeId: Uint8Array): boolean {
    return this.#seen.get(envelopeId) !== undefined
  }

  markSeen(envelopeId: Uint8Array, atMs: number, owesReceipt: boolean): void {
    this.#markSeen.run(envelopeId, atMs, Number(owesReceipt))
  }

  owesReceipt(envelopeId: Uint8Array): boolean {
    return this.#owesReceipt.get(envelopeId) !== undefined
  }

  forgetSeen(envelopeId: Uint8Array): void {
    this.#forgetSeen.run(envelopeId)
  }

  forgetSeenBefore(atMs: number): void {
    this.#forgetSeenBefore.run(atMs)
  }

  hold(envelope: HeldEnvelope): void {
    this.#hold.run({ ...envelope })
  }

  held(envelopeId: Uint8Array): HeldEnvelope | null {
    const row = this.#held.get(envelopeId)
    return row === undefined ? null : toHeld(row)
  }

  listHeld(status: HeldEnvelope['status'], contactId?: ContactId): HeldEnvelope[] {
    const rows =
      contactId === undefined ? this.#listHeld.all(status) : this.#listHeldOf.all(contactId, status)
    return rows.map(toHeld)
  }

  updateHeld(
    envelopeId: Uint8Array,
    change: Partial<Omit<HeldEnvelope, 'envelopeId' | 'label' | 'envelope'>>,
  ): void {
    const held = this.held(envelopeId)
    if (held === null) throw new RangeError('no such envelope is held')
    this.#updateHeld.run({ ...held, ...change })
  }

  release(envelopeId: Uint8Array): void {
    this.#release.run(envelopeId)
  }
}

function toHeld(row: Row): HeldEnvelope {
  return {
    envelopeId: bytes(row, 'envelope_id'),
    label: bytes(row, 'label'),
    envelope: bytes(row, 'envelope'),
    receivedAtMs: integer(row, 'received_at_ms'),
    relayedAtMs: integer(row, 'relayed_at_ms'),
    status: oneOf(row, 'status', STATUSES),
    errorCode: errorCodeOrNull(row, 'error_code'),
    contactId: localIdOrNull(row, 'contact_id'),
    messageSeq: localIdOrNull(row, 'message_seq'),
  }
}
