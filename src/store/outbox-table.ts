import type { ContactId, MessageSeq, OutboxItem } from '#core/model.ts'
import type { OutboxTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, bytesOrNull, flag, integer, localId, localIdOrNull } from './row.ts'

export class SqliteOutboxTable implements OutboxTable {
  readonly #add: Statement
  readonly #get: Statement
  readonly #contactsWaiting: Statement
  readonly #next: Statement
  readonly #count: Statement
  readonly #list: Statement
  readonly #byMessage: Statement
  readonly #setEnvelope: Statement
  readonly #setReceipted: Statement
  readonly #clearEnvelopes: Statement
  readonly #remove: Statement
  readonly #removeForContact: Statement

  constructor(connection: Connection) {
    this.#add = connection.statement(`
      INSERT INTO outbox VALUES (
        NULL, @envelopeId, @contactId, @deviceId, @messageSeq, @content, @envelope, @createdAtMs,
        @awaitsReceipt
      )`)
    this.#get = connection.statement('SELECT * FROM outbox WHERE envelope_id = ?')
    this.#contactsWaiting = connection.statement(
      'SELECT contact_id FROM outbox GROUP BY contact_id ORDER BY min(id)',
    )
    this.#next = connection.statement(
      'SELECT * FROM outbox WHERE contact_id = ? ORDER BY id LIMIT 1',
    )
    this.#count = connection.statement('SELECT count(DISTINCT message_seq) AS count FROM outbox')
    this.#list = connection.statement('SELECT * FROM outbox ORDER BY id')
    this.#byMessage = connection.statement('SELECT * FROM outbox WHERE message_seq = ? ORDER BY id')
    this.#setEnvelope = connection.statement(
      'UPDATE outbox SET envelope = ?, awaits_receipt = ? WHERE envelope_id = ?',
    )
    this.#setReceipted = connection.statement(
      'UPDATE outbox SET awaits_receipt = 0 WHERE envelope_id = ?',
    )
    this.#clearEnvelopes = connection.statement(
      'UPDATE outbox SET envelope = NULL, envelope_id = randomblob(16) WHERE contact_id = ?',
    )
    this.#remove = connection.statement('DELETE FROM outbox WHERE envelope_id = ?')
    this.#removeForContact = connection.statement('DELETE FROM outbox WHERE contact_id = ?')
  }

  add(item: OutboxItem): void {
    this.#add.run({ ...item, awaitsReceipt: Number(item.awaitsReceipt) })
  }

  get(envelopeId: Uint8Array): OutboxItem | null {
    return toItemOrNull(this.#get.get(envelopeId))
  }

  contactsWaiting(): ContactId[] {
    return this.#contactsWaiting.all().map((row) => localId(row, 'contact_id'))
  }

  next(contactId: ContactId): OutboxItem | null {
    return toItemOrNull(this.#next.get(contactId))
  }

  count(): number {
    const row = this.#count.get()
    return row === undefined ? 0 : integer(row, 'count')
  }

  list(): OutboxItem[] {
    return this.#list.all().map(toItem)
  }

  byMessage(seq: MessageSeq): OutboxItem[] {
    return this.#byMessage.all(seq).map(toItem)
  }

  setEnvelope(envelopeId: Uint8Array, envelope: Uint8Array, awaitsReceipt: boolean): void {
    this.#setEnvelope.run(envelope, Number(awaitsReceipt), envelopeId)
  }

  setReceipted(envelopeId: Uint8Array): void {
    this.#setReceipted.run(envelopeId)
  }

  clearEnvelopes(contactId: ContactId): void {
    this.#clearEnvelopes.run(contactId)
  }

  remove(envelopeId: Uint8Array): void {
    this.#remove.run(envelopeId)
  }

  removeForContact(contactId: ContactId): void {
    this.#removeForContact.run(contactId)
  }
}

function toItemOrNull(row: Row | undefined): OutboxItem | null {
  return row === undefined ? null : toItem(row)
}

function toItem(row: Row): OutboxItem {
  return {
    envelopeId: bytes(row, 'envelope_id'),
    contactId: localId(row, 'contact_id'),
    deviceId: integer(row, 'device_id'),
    messageSeq: localIdOrNull(row, 'message_seq'),
    content: bytes(row, 'content'),
    envelope: bytesOrNull(row, 'envelope'),
    awaitsReceipt: flag(row, 'awaits_receipt'),
    createdAtMs: integer(row, 'created_at_ms'),
  }
}
