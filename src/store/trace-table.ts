import type { ConversationId, EnvelopeTrace, MessageSeq } from '#core/model.ts'
import type { TraceTable } from '#core/ports.ts'
import type { Connection, Row, Statement } from './connection.ts'
import { bytes, bytesOrNull, integer, localId, oneOf, text } from './row.ts'

const DIRECTIONS = ['out', 'in'] as const

export class SqliteTraceTable implements TraceTable {
  readonly #add: Statement
  readonly #removeSame: Statement
  readonly #byMessage: Statement
  readonly #byEnvelope: Statement
  readonly #setRelayedAt: Statement
  readonly #forgetIds: Statement
  readonly #prune: Statement

  constructor(connection: Connection) {
    this.#add = connection.statement(
      'INSERT OR IGNORE INTO traces VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#removeSame = connection.statement(
      'DELETE FROM traces WHERE envelope_id = ? AND direction = ?',
    )
    this.#byMessage = connection.statement(
      'SELECT * FROM traces WHERE message_seq = ? ORDER BY id DESC LIMIT 1',
    )
    // Ours first: a contact that reuses the id of an envelope it got from us cannot hide ours.
    this.#byEnvelope = connection.statement(
      'SELECT * FROM traces WHERE envelope_id = ? ORDER BY direction DESC LIMIT 1',
    )
    this.#setRelayedAt = connection.statement(
      "UPDATE traces SET relayed_at_ms = ? WHERE envelope_id = ? AND direction = 'out'",
    )
    this.#forgetIds = connection.statement(`
      UPDATE traces SET envelope_id = randomblob(16)
      WHERE direction = 'out' AND message_seq IN (
        SELECT seq FROM messages WHERE conversation_id = ?
      )`)
    this.#prune = connection.statement(`
      UPDATE traces SET envelope = NULL, message_key = NULL
      WHERE envelope IS NOT NULL AND id <= (
        SELECT id FROM traces WHERE envelope IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?
      )`)
  }

  /** A message may have several (sent again, sealed anew); one with the same id and direction is replaced. */
  add(trace: EnvelopeTrace): void {
    const { envelopeId, messageSeq, direction, label, envelope, messageKey } = trace
    const { position, relayedAtMs } = trace
    const insert = (): number =>
      this.#add.run(
        envelopeId,
        messageSeq,
        direction,
        label,
        envelope,
        messageKey,
        position,
        relayedAtMs,
      ).changes
    // Not `OR REPLACE`: it opens a statement journal, at which FTS5 writes out a segment for each message.
    if (insert() > 0) return
    this.#removeSame.run(envelopeId, direction)
    insert()
  }

  /** The newest one. */
  byMessage(seq: MessageSeq): EnvelopeTrace | null {
    return toTraceOrNull(this.#byMessage.get(seq))
  }

  byEnvelope(envelopeId: Uint8Array): EnvelopeTrace | null {
    return toTraceOrNull(this.#byEnvelope.get(envelopeId))
  }

  /** Of an outgoing one; an incoming one has it from the start. */
  setRelayedAt(envelopeId: Uint8Array, atMs: number): void {
    this.#setRelayedAt.run(atMs, envelopeId)
  }

  forgetIds(conversationId: ConversationId): void {
    this.#forgetIds.run(conversationId)
  }

  prune(keep: number): void {
    this.#prune.run(keep)
  }
}

function toTraceOrNull(row: Row | undefined): EnvelopeTrace | null {
  if (row === undefined) return null
  return {
    envelopeId: bytes(row, 'envelope_id'),
    messageSeq: localId(row, 'message_seq'),
    direction: oneOf(row, 'direction', DIRECTIONS),
    label: bytesOrNull(row, 'label'),
    envelope: bytesOrNull(row, 'envelope'),
    messageKey: bytesOrNull(row, 'message_key'),
    position: text(row, 'position'),
    relayedAtMs: integer(row, 'relayed_at_ms'),
  }
}
