import type { ContactId, MessageSeq, UnconfirmedEnvelope } from '#core/model.ts'
import type { UnconfirmedTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, flag, integer, integerOrNull, localId, localIdOrNull } from './row.ts'

export class SqliteUnconfirmedTable implements UnconfirmedTable {
  readonly #add: Statement
  readonly #get: Statement
  readonly #byHash: Statement
  readonly #due: Statement
  readonly #nextDue: Statement
  readonly #update: Statement
  readonly #hasten: Statement
  readonly #markOverdue: Statement
  readonly #remove: Statement
  readonly #removeForMessage: Statement
  readonly #removeForContact: Statement
  readonly #removeBefore: Statement
  readonly #removeBeyond: Statement

  constructor(connection: Connection) {
    this.#add = connection.statement(`
      INSERT INTO unconfirmed VALUES (
        NULL, @envelopeId, @hash, @contactId, @deviceId, @messageSeq, @content, @envelope,
        @depositedAtMs, @repeats, @dueAtMs, @overdue
      )`)
    this.#get = connection.statement('SELECT * FROM unconfirmed WHERE envelope_id = ?')
    this.#byHash = connection.statement(
      'SELECT * FROM unconfirmed WHERE contact_id = ? AND hash = ?',
    )
    this.#due = connection.statement(
      'SELECT * FROM unconfirmed WHERE due_at_ms <= ? ORDER BY id LIMIT ?',
    )
    this.#nextDue = connection.statement('SELECT min(due_at_ms) AS due FROM unconfirmed')
    this.#update = connection.statement(`
      UPDATE unconfirmed SET
        envelope_id = @newEnvelopeId, repeats = @repeats, due_at_ms = @dueAtMs, overdue = @overdue
      WHERE envelope_id = @envelopeId`)
    this.#hasten = connection.statement(
      'UPDATE unconfirmed SET due_at_ms = min(due_at_ms, ?) WHERE contact_id = ?',
    )
    this.#markOverdue = connection.statement(
      'UPDATE unconfirmed SET overdue = 1 WHERE contact_id = ? AND overdue = 0',
    )
    this.#remove = connection.statement('DELETE FROM unconfirmed WHERE envelope_id = ?')
    this.#removeForMessage = connection.statement('DELETE FROM unconfirmed WHERE message_seq = ?')
    this.#removeForContact = connection.statement('DELETE FROM unconfirmed WHERE contact_id = ?')
    this.#removeBefore = connection.statement('DELETE FROM unconfirmed WHERE deposited_at_ms < ?')
    this.#removeBeyond = connection.statement(`
      DELETE FROM unconfirmed WHERE id IN (
        SELECT id FROM (
          SELECT id, sum(length(envelope) + length(content)) OVER (ORDER BY id DESC) AS bytes
          FROM unconfirmed
        ) WHERE bytes > ?
      )`)
  }

  add(envelope: UnconfirmedEnvelope): void {
    this.#add.run({ ...envelope, overdue: Number(envelope.overdue) })
  }

  get(envelopeId: Uint8Array): UnconfirmedEnvelope | null {
    return toEnvelopeOrNull(this.#get.get(envelopeId))
  }

  byHash(contactId: ContactId, hash: Uint8Array): UnconfirmedEnvelope | null {
    return toEnvelopeOrNull(this.#byHash.get(contactId, hash))
  }

  due(nowMs: number, limit: number): UnconfirmedEnvelope[] {
    return this.#due.all(nowMs, limit).map(toEnvelope)
  }

  nextDueMs(): number | null {
    const row = this.#nextDue.get()
    return row === undefined ? null : integerOrNull(row, 'due')
  }

  update(
    envelopeId: Uint8Array,
    change: Partial<Pick<UnconfirmedEnvelope, 'envelopeId' | 'repeats' | 'dueAtMs' | 'overdue'>>,
  ): void {
    const before = this.get(envelopeId)
    if (before === null) throw new RangeError('no such envelope is unconfirmed')
    const { envelopeId: newEnvelopeId, repeats, dueAtMs, overdue } = { ...before, ...change }
    this.#update.run({ envelopeId, newEnvelopeId, repeats, dueAtMs, overdue: Number(overdue) })
  }

  hasten(contactId: ContactId, dueAtMs: number): void {
    this.#hasten.run(dueAtMs, contactId)
  }

  markOverdue(contactId: ContactId): void {
    this.#markOverdue.run(contactId)
  }

  remove(envelopeId: Uint8Array): void {
    this.#remove.run(envelopeId)
  }

  removeForMessage(seq: MessageSeq): void {
    this.#removeForMessage.run(seq)
  }

  removeForContact(contactId: ContactId): void {
    this.#removeForContact.run(contactId)
  }

  prune(beforeMs: number, maxBytes: number): void {
    this.#removeBefore.run(beforeMs)
    this.#removeBeyond.run(maxBytes)
  }
}

function toEnvelopeOrNull(row: Row | undefined): UnconfirmedEnvelope | null {
  return row === undefined ? null : toEnvelope(row)
}

function toEnvelope(row: Row): UnconfirmedEnvelope {
  return {
    envelopeId: bytes(row, 'envelope_id'),
    hash: bytes(row, 'hash'),
    contactId: localId(row, 'contact_id'),
    deviceId: integer(row, 'device_id'),
    messageSeq: localIdOrNull(row, 'message_seq'),
    content: bytes(row, 'content'),
    envelope: bytes(row, 'envelope'),
    depositedAtMs: integer(row, 'deposited_at_ms'),
    repeats: integer(row, 'repeats'),
    dueAtMs: integer(row, 'due_at_ms'),
    overdue: flag(row, 'overdue'),
  }
}
