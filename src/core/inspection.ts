import * as v from 'valibot'
import { importMessageKey, reopenEnvelope } from '#crypto/message-key.ts'
import { kem } from '#crypto/kem.ts'
import { describeEnvelope } from '#protocol/envelope.ts'
import { encodeHex } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { InspectView, TamperView } from '#shared/views.ts'
import type { Context } from './context.ts'
import type { MessageSeq } from './model.ts'

const Position = v.object({ turn: v.number(), number: v.number() })

/** The form in which a message's place in its session is kept beside it. */
export function describePosition(position: { turn: number; number: number }): string {
  return JSON.stringify({ turn: position.turn, number: position.number })
}

/** What the relay stored for a message, what it could see of it, and how it was sealed. */
export function inspectMessage(
  context: Context,
  seq: MessageSeq,
): Result<InspectView, Failure<'NOT_FOUND'>> {
  const trace = context.store.traces.byMessage(seq)
  if (trace === null) return err(failure('NOT_FOUND'))
  const description = trace.envelope && describeEnvelope(trace.envelope)
  const parts: InspectView['parts'] = []
  if (description?.known) {
    let offset = 0
    for (const { name, bytes } of description.parts) {
      parts.push({ name, offset, length: bytes })
      offset += bytes
    }
  }
  const position = v.safeParse(v.pipe(v.string(), v.parseJson(), Position), trace.position)
  const facts: InspectView['facts'] = [
    { key: 'agreement', value: 'ECDH P-256 + ML-KEM-768' },
    { key: 'derivation', value: 'HKDF-SHA-256, HMAC-SHA-512' },
    { key: 'cipher', value: 'AES-256-GCM' },
  ]
  if (description?.known) {
    facts.push({ key: 'version', value: String(description.version) })
    facts.push({ key: 'type', value: description.type })
  }
  if (position.success) {
    facts.push({ key: 'turn', value: String(position.output.turn) })
    facts.push({ key: 'number', value: String(position.output.number) })
  }
  facts.push({ key: 'kemEngine', value: kem.name })
  return ok({
    direction: trace.direction,
    envelopeHex: trace.envelope && encodeHex(trace.envelope),
    envelopeId: encodeHex(trace.envelopeId),
    labelHex: trace.label && encodeHex(trace.label),
    sizeBytes: trace.envelope?.length ?? 0,
    relayedAtMs: trace.relayedAtMs || null,
    parts,
    facts,
  })
}

/** Flips one bit in a copy of a message's envelope and tries to open both, with the message's own key. */
export function tamperWithMessage(
  context: Context,
  seq: MessageSeq,
  bit: number,
): Result<TamperView, Failure<'NOT_FOUND'>> {
  const trace = context.store.traces.byMessage(seq)
  const key = trace?.messageKey && importMessageKey(trace.messageKey)
  if (!trace?.envelope || !key) return err(failure('NOT_FOUND'))
  const alteredBit = bit % (trace.envelope.length * 8)
  const altered = Uint8Array.from(trace.envelope)
  const index = Math.floor(alteredBit / 8)
  altered[index] = (altered[index] ?? 0) ^ (0x80 >> (alteredBit % 8))
  const original = reopenEnvelope(trace.envelope, key)
  const reopened = reopenEnvelope(altered, key)
  return ok({
    originalOpens: original.ok,
    alteredOpens: reopened.ok,
    alteredBit,
    code: reopened.ok ? null : reopened.error.code,
  })
}
