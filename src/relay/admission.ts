import type { FastifyRequest } from 'fastify'
import type { Socket } from 'node:net'
import { failure } from '#shared/errors.ts'
import type { RelayApp, RelayContext } from './context.ts'
import { requesterKey } from './rate-limits.ts'
import { refuse, RequestError } from './request-error.ts'
import { Shares } from './shares.ts'

const RETRY_WHEN_CROWDED_MS = 1_000
/** Of the bytes of all bodies, and of all answers, what one requester may hold. */
const SHARE = 4
/** Answers up to here are bounded by the number of requests alone. */
const SMALL_ANSWER_BYTES = 4 * 1024
/** An answer has its time to be read once for every so many bytes. */
const ANSWER_UNIT_BYTES = 256 * 1024

/** A requester's share of the bytes of all bodies. */
export interface BodyRoom {
  readonly take: (bytes: number) => boolean
  readonly giveBack: (bytes: number) => void
}

/** What the relay holds for one request, until that is answered or its connection ends. */
interface Held {
  /** Behind a proxy, the requests of one connection are of many. */
  readonly requester: string | null
  readonly bodyBytes: number
  answerBytes: number
  /** By when the answer has been read. */
  deadline: NodeJS.Timeout | null
}

type WebSocketKind = 'stream' | 'deposits'

declare module 'fastify' {
  interface FastifyRequest {
    held: Held | null
  }
}

/**
 * Bounds what connections make the relay hold: how many there are (in all and of one address), how many requests of one
 * wait for an answer, the bytes of all bodies together, counted from the first byte of the header on, and those of all
 * answers, until they have been read.
 */
export class Admission {
  /** Bytes, those of deposits over WebSockets included. */
  readonly #bodies: Shares
  readonly #answers: Shares
  readonly #webSockets: Readonly<Record<WebSocketKind, Shares>>
  readonly #context: RelayContext
  /** The requests of a connection that wait for their answer. */
  readonly #held = new WeakMap<Socket, Set<Held>>()

  constructor(context: RelayContext) {
    const { limits } = context.config
    const { connections, connectionsPerAddress, bodiesBytes, answersBytes } = limits
    this.#context = context
    this.#bodies = new Shares(bodiesBytes, Math.ceil(bodiesBytes / SHARE))
    this.#answers = new Shares(answersBytes, Math.ceil(answersBytes / SHARE))
    this.#webSockets = {
      stream: new Shares(connections, connectionsPerAddress),
      deposits: new Shares(limits.depositConnections, limits.depositConnectionsPerAddress),
    }
  }

  /** `null` where addresses do not tell requesters apart. */
  #requester(address: string): string | null {
    return this.#context.rates.byAddress ? requesterKey(address) : null
  }

  /** Watches over the server's connections and requests. To be called before routes are registered. */
  install(app: RelayApp): void {
    const { limits, trustProxy } = this.#context.config
    const connections = new Shares(limits.connections, limits.connectionsPerAddress)
    app.server.on('connection', (socket: Socket) => {
      // Behind a proxy all connections are the proxy's.
      const requester = trustProxy ? null : this.#requester(socket.remoteAddress ?? '')
      if (connections.take(requester, 1)) {
        socket.once('close', () => connections.giveBack(requester, 1))
      } else {
        socket.destroy()
      }
    })
    app.decorateRequest('held', null)
    app.addHook('onRequest', (request, _reply, done) => {
      done(this.#admit(request, limits.pipelined))
    })
    app.addHook('onSend', (request, _reply, payload, done) => {
      const refusal = this.#holdAnswer(request, payload, limits.answerTimeoutMs)
      if (refusal === undefined) done()
      else done(refusal)
    })
    app.addHook('onResponse', (request, _reply, done) => {
      this.#release(request)
      done()
    })
  }

  /** Room for bodies that one requester sends over a WebSocket. */
  roomFor(address: string): BodyRoom {
    const requester = this.#requester(address)
    return {
      take: (bytes) => this.#bodies.take(requester, bytes),
      giveBack: (bytes) => this.#bodies.giveBack(requester, bytes),
    }
  }

  /** Counts a WebSocket of one kind. @throws RequestError where there are too many; @returns what ends the counting. */
  open(request: FastifyRequest, kind: WebSocketKind): () => void {
    const requester = this.#requester(request.ip)
    this.#context.rates.take('opens', requesterKey(request.ip))
    const open = this.#webSockets[kind]
    if (!open.take(requester, 1)) throw crowded()
    return () => open.giveBack(requester, 1)
  }

  #admit(request: FastifyRequest, mostPipelined: number): RequestError | undefined {
    const { socket } = request.raw
    const waiting = this.#waitingOn(socket)
    if (waiting.size >= mostPipelined) {
      // It does not wait for answers; there is no use in one more.
      socket.destroy()
      return refuse('RATE_LIMITED')
    }
    const requester = this.#requester(request.ip)
    const bytes = mostBodyBytes(request)
    const hasRoom = bytes === 0 || this.#bodies.take(requester, bytes)
    const bodyBytes = hasRoom ? bytes : 0
    const held = { requester, bodyBytes, answerBytes: 0, deadline: null }
    waiting.add(held)
    request.held = held
    return hasRoom ? undefined : crowded()
  }

  #waitingOn(socket: Socket): Set<Held> {
    const known = this.#held.get(socket)
    if (known !== undefined) return known
    const waiting = new Set<Held>()
    this.#held.set(socket, waiting)
    socket.once('close', () => {
      for (const held of waiting) this.#giveBack(held)
      waiting.clear()
    })
    return waiting
  }

  /** Sets room aside for an answer until it has been read; whoever reads none of it is cut off. */
  #holdAnswer(
    { held, raw: { socket } }: FastifyRequest,
    payload: unknown,
    timeoutMs: number,
  ): RequestError | undefined {
    if (typeof payload !== 'string' || payload.length <= SMALL_ANSWER_BYTES) return undefined
    // Nobody is there any more.
    if (held === null || this.#held.get(socket)?.has(held) !== true) return undefined
    const bytes = Buffer.byteLength(payload)
    if (!this.#answers.take(held.requester, bytes)) return crowded()
    held.answerBytes = bytes
    const deadlineMs = Math.ceil(bytes / ANSWER_UNIT_BYTES) * timeoutMs
    held.deadline = setTimeout(() => socket.destroy(), deadlineMs).unref()
    return undefined
  }

  #release({ held, raw }: FastifyRequest): void {
    if (held === null) return
    // What a connection held that is gone has been given back already.
    if (this.#held.get(raw.socket)?.delete(held) === true) this.#giveBack(held)
  }

  #giveBack({ requester, bodyBytes, answerBytes, deadline }: Held): void {
    this.#bodies.giveBack(requester, bodyBytes)
    this.#answers.giveBack(requester, answerBytes)
    if (deadline !== null) clearTimeout(deadline)
  }
}

/** The most that the body of a request can become. */
function mostBodyBytes({ headers, routeOptions }: FastifyRequest): number {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  if (length === undefined && coding === undefined) return 0
  const most = routeOptions.bodyLimit
  return length === undefined ? most : Math.min(Number(length), most)
}

function crowded(): RequestError {
  return new RequestError(failure('OVERLOADED', { retryAfterMs: RETRY_WHEN_CROWDED_MS }))
}
