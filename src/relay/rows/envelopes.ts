import type { StoredEnvelope } from '../storage.ts'

export interface EnvelopeRow {
  readonly seq: number
  readonly id: Uint8Array
  readonly label: Uint8Array
  readonly received_ms: number
  readonly body: Uint8Array
}

export function storedEnvelope(row: EnvelopeRow): StoredEnvelope {
  const { seq, id, label, received_ms, body } = row
  return { sequence: seq, id, label, receivedAtMs: received_ms, body }
}
