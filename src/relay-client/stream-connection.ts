import type { Socket } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { WebSocket, type ClientOptions } from 'ws'
import type { IncomingEnvelope } from '#core/ports.ts'
import {
  decodeRelayFrame,
  encodeAckFrame,
  MAX_RELAY_FRAME_BYTES,
  STREAM_CLOSE,
} from '#protocol/relay-frames.ts'
import { STREAM_WINDOW } from '#protocol/relay-limits.ts'
import { failure, type Failure } from '#shared/errors.ts'
import {
  incoming,
  offlineFailure,
  type Connection,
  type ConnectionEnd,
  type ConnectionEvents,
  type ConnectionParts,
} from './connection.ts'
import { dial } from './dialer.ts'
import { networkFailure, parseErrorAnswer } from './http.ts'
import type { RelayOrigin } from './relay-origin.ts'

const STREAM_PATH = '/v1/stream'
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Silence after which the relay is asked whether it is still there. */
const PING_AFTER_MS = 20_000
const PONG_WITHIN_MS = 10_000
/** The same after sleep or a change of network, where the answer is urgent. */
const CHECK_WITHIN_MS = 3_000
/** Envelopes handed over at once. */
const BATCH = 64
/** Another connection of this device took over: not so fast, lest the two chase each other. */
const REPLACED_WAIT_MS = 30_000
const MAX_REFUSAL_BYTES = 8_192
const NORMAL_CLOSURE = 1000
/** What a proxy says that ends (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001

/** Receives over a WebSocket (RELAY-API §7). */
export class StreamConnection implements Connection {
  readonly #parts: ConnectionParts
  readonly #events: ConnectionEvents
  #socket: WebSocket | null = null
  #closed = false
  /** In order; `drained` stands for the relay's marker. */
  #queue: (IncomingEnvelope | 'drained')[] = []
  #lastSequence = 0
  #handling: Promise<void> = Promise.resolve()
  #handlingNow = false
  #failure: Failure | null = null
  #heard = false
  #cancelTimer: () => void = () => undefined

  constructor(parts: ConnectionParts, events: ConnectionEvents) {
    this.#parts = parts
    this.#events = events
  }

  async run(): Promise<ConnectionEnd> {
    const { http, caller, host, signer } = this.#parts
    const origin = await http.origin(host)
    if (!origin.ok) return failed(origin.error)
    const headers = await caller.deviceHeaders(host, origin.value, signer, STREAM_PATH)
    if (!headers.ok) return failed(headers.error)
    let connection: Socket
    try {
      connection = await dial(origin.value, http.dialOptions)
    } catch (cause) {
      http.doubtOrigin(host)
      return failed(networkFailure(cause))
    }
    if (this.#closed) {
      connection.destroy()
      return { kind: 'done' }
    }
    const end = await this.#exchange(origin.value, headers.value, connection)
    this.#cancelTimer()
    await this.#handling
    return end
  }

  check(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#socket.ping()
    this.#expectSign(CHECK_WITHIN_MS)
  }

  close(): void {
    this.#closed = true
    this.#socket?.close(NORMAL_CLOSURE)
    // The relay's half of the closing handshake is not worth waiting for.
    this.#socket?.terminate()
  }

  #exchange(
    origin: RelayOrigin,
    headers: Record<string, string>,
    connection: Socket,
  ): Promise<ConnectionEnd> {
    const { host } = new URL(origin.url)
    const options: ClientOptions = {
      headers: { ...headers, host },
      // Dialled already, TLS included.
      createConnection: () => connection,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_RELAY_FRAME_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    }
    const socket = new WebSocket(`ws://${host}${STREAM_PATH}`, options)
    this.#socket = socket
    return new Promise((resolve) => {
      let opened = false
      socket.on('open', () => {
        opened = true
        this.#events.online({ kind: 'online', transport: 'stream', secure: origin.secure })
        this.#listenForSigns()
      })
      socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
      socket.on('pong', () => (this.#heard = true))
      socket.on('ping', () => (this.#heard = true))
      socket.on('unexpected-response', (_request, response) => {
        void refusal(response).then((told) => {
          socket.terminate()
          if (told?.code === 'UNAUTHORIZED') {
            this.#parts.caller.forgetSession(this.#parts.host, this.#parts.signer)
          }
          if (told !== null) this.#parts.caller.learnTime(this.#parts.host, told)
          resolve(told === null ? { kind: 'blocked' } : failed(told))
        })
      })
      socket.on('error', (cause) => {
        if (!opened) resolve(this.#closed ? { kind: 'done' } : { kind: 'blocked' })
        else this.#failure ??= networkFailure(cause)
      })
      socket.on('close', (code) => resolve(this.#end(code)))
    })
  }

  #end(code: number): ConnectionEnd {
    if (this.#closed) return { kind: 'done' }
    if (this.#failure !== null) return failed(this.#failure)
    if (code === STREAM_CLOSE.restarting || code === GOING_AWAY) return { kind: 'restarting' }
    if (code === STREAM_CLOSE.accountBlocked) return failed(failure('ACCOUNT_BLOCKED'))
    if (code === STREAM_CLOSE.accountDeleted) return failed(failure('ACCOUNT_UNKNOWN'))
    const retryAfterMs = code === STREAM_CLOSE.replaced ? REPLACED_WAIT_MS : 0
    return failed(failure('RELAY_UNREACHABLE', { retryAfterMs }))
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heard = true
    const frame = isBinary ? decodeRelayFrame(data) : null
    if (frame === null || this.#queue.length > STREAM_WINDOW) {
      this.#fail(failure('RELAY_BAD_ANSWER'))
      return
    }
    if (frame.kind === 'drained') this.#queue.push('drained')
    else if (frame.envelope.sequence > this.#lastSequence) {
      this.#lastSequence = frame.envelope.sequence
      this.#queue.push(incoming(frame.envelope))
    } else {
      this.#fail(failure('RELAY_BAD_ANSWER'))
      return
    }
    if (!this.#handlingNow) this.#handling = this.#handle()
  }

  /** Hands over what waits, a batch at a time, and acknowledges what is durable. */
  async #handle(): Promise<void> {
    this.#handlingNow = true
    // Frames that arrive in the same turn go together.
    await new Promise((resolve) => setImmediate(resolve))
    try {
      while (this.#queue.length > 0 && this.#failure === null && !this.#closed) {
        await this.#handleNext()
      }
    } catch (cause) {
      this.#fail(failure('INTERNAL', { cause }))
    } finally {
      this.#handlingNow = false
    }
  }

  async #handleNext(): Promise<void> {
    if (this.#queue[0] === 'drained') {
      this.#queue.shift()
      this.#events.drained()
      return
    }
    const batch: IncomingEnvelope[] = []
    for (const item of this.#queue) {
      if (item === 'drained' || batch.length === BATCH) break
      batch.push(item)
    }
    await this.#events.received(batch)
    this.#queue.splice(0, batch.length)
    const last = batch.at(-1)
    if (last !== undefined && this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(encodeAckFrame(last.relaySeq))
    }
  }

  #fail(failed: Failure): void {
    this.#failure ??= failed
    this.#socket?.terminate()
  }

  #listenForSigns(): void {
    this.#cancelTimer()
    this.#heard = false
    this.#cancelTimer = this.#parts.clock.schedule(PING_AFTER_MS, () => {
      if (this.#heard) this.#listenForSigns()
      else {
        this.#socket?.ping()
        this.#expectSign(PONG_WITHIN_MS)
      }
    })
  }

  #expectSign(withinMs: number): void {
    this.#cancelTimer()
    this.#heard = false
    this.#cancelTimer = this.#parts.clock.schedule(withinMs, () => {
      if (this.#heard) this.#listenForSigns()
      else this.#fail(failure('RELAY_UNREACHABLE'))
    })
  }
}

function failed(cause: Failure): ConnectionEnd {
  return { kind: 'failed', failure: offlineFailure(cause) }
}

/** Why the relay refused the upgrade; `null` where it wasn't the relay that answered. */
async function refusal(response: IncomingMessage): Promise<Failure | null> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > MAX_REFUSAL_BYTES) return null
      chunks.push(chunk)
    }
    return parseErrorAnswer(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  } catch {
    return null
  }
}
