import type { IncomingEnvelope } from '#core/ports.ts'
import { AcksAnswer, EnvelopesAnswer } from '#protocol/relay-api.ts'
import { decodeBase64Url } from '#shared/bytes.ts'
import { failure } from '#shared/errors.ts'
import { answerParser } from './http.ts'
import {
  offlineFailure,
  type Connection,
  type ConnectionEnd,
  type ConnectionEvents,
  type ConnectionParts,
} from './connection.ts'

const BATCH = 64
const WAIT_SECONDS = 25
const POLL_TIMEOUT_MS = (WAIT_SECONDS + 15) * 1_000
const CODES = ['UNAUTHORIZED', 'ACCOUNT_UNKNOWN'] as const

const parseAnswer = answerParser(EnvelopesAnswer)
const parseAcks = answerParser(AcksAnswer)

interface Page {
  readonly envelopes: readonly IncomingEnvelope[]
  readonly drained: boolean
}

/** Receives by long poll, where WebSockets do not get through (RELAY-API §6). */
export class PollConnection implements Connection {
  readonly #parts: ConnectionParts
  readonly #events: ConnectionEvents
  readonly #untilMs: number
  #request = new AbortController()
  #closed = false

  /** @param untilMs - when to end, so that a WebSocket is tried again. */
  constructor(parts: ConnectionParts, events: ConnectionEvents, untilMs: number) {
    this.#parts = parts
    this.#events = events
    this.#untilMs = untilMs
  }

  async run(): Promise<ConnectionEnd> {
    let after = 0
    let online = false
    let drained = false
    while (!this.#closed && this.#parts.clock.nowMs() < this.#untilMs) {
      this.#request = new AbortController()
      const page = await this.#fetch(after, online ? WAIT_SECONDS : 0)
      if (!page.ok) {
        // Only `check` and `close` cancel.
        if (page.error.code === 'CANCELLED') continue
        return { kind: 'failed', failure: offlineFailure(page.error) }
      }
      const origin = await this.#parts.http.origin(this.#parts.host)
      if (!online && origin.ok) {
        online = true
        this.#events.online({ kind: 'online', transport: 'poll', secure: origin.value.secure })
      }
      const last = page.value.envelopes.at(-1)
      if (last !== undefined) {
        const failed = await this.#take(page.value.envelopes, after)
        if (failed !== null) return failed
        after = last.relaySeq
      }
      if (page.value.drained && !drained) {
        drained = true
        this.#events.drained()
      }
    }
    return { kind: 'done' }
  }

  /** The running request may wait on a dead network: a new one tells. */
  check(): void {
    this.#request.abort()
  }

  close(): void {
    this.#closed = true
    this.#request.abort()
  }

  #fetch(after: number, waitSeconds: number) {
    const { caller, host, signer } = this.#parts
    return caller.call(host, {
      method: 'GET',
      path: `/v1/envelopes?after=${after}&limit=${BATCH}&wait=${waitSeconds}`,
      auth: { kind: 'device', signer },
      timeoutMs: POLL_TIMEOUT_MS,
      signal: this.#request.signal,
      parse: parsePage,
      codes: CODES,
    })
  }

  /** @returns what ended the connection, or `null`. */
  async #take(
    envelopes: readonly IncomingEnvelope[],
    after: number,
  ): Promise<ConnectionEnd | null> {
    let last = after
    for (const { relaySeq } of envelopes) {
      if (relaySeq <= last) return { kind: 'failed', failure: failure('RELAY_BAD_ANSWER') }
      last = relaySeq
    }
    try {
      await this.#events.received(envelopes)
    } catch (cause) {
      return { kind: 'failed', failure: failure('INTERNAL', { cause }) }
    }
    const { caller, host, signer } = this.#parts
    const acknowledged = await caller.call(host, {
      method: 'POST',
      path: '/v1/acks',
      auth: { kind: 'device', signer },
      json: { through: last },
      parse: parseAcks,
      codes: CODES,
      translate: { RELAY_FULL: 'OVERLOADED' },
    })
    return acknowledged.ok ? null : { kind: 'failed', failure: offlineFailure(acknowledged.error) }
  }
}

function parsePage(body: unknown): Page | null {
  const answer = parseAnswer(body)
  if (answer === null) return null
  const envelopes: IncomingEnvelope[] = []
  for (const { sequence, id, label, receivedAtMs, body: text } of answer.envelopes) {
    const envelopeId = decodeBase64Url(id)
    const labelBytes = decodeBase64Url(label)
    const envelope = decodeBase64Url(text)
    if (envelopeId === null || labelBytes === null || envelope === null) return null
    envelopes.push({
      relaySeq: sequence,
      envelopeId,
      label: labelBytes,
      envelope,
      relayedAtMs: receivedAtMs,
    })
  }
  return { envelopes, drained: answer.drained }
}
