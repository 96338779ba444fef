import type { FastifyRequest } from 'fastify'
import type { Socket } from 'node:net'
import { failure } from '#shared/errors.ts'
import type { RelayApp, RelayContext } from './context.ts'
import { requesterKey } from './rate-limits.ts'
import { refuse, RequestError } from './request-error.ts'
import { Shares } from './shares.ts'

const RETRY_WHEN_CROWDED_MS = 1_000
/** Of the bytes of all bodies, what one requester may hold. */
const SHARE_OF_BODIES = 4

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
}

type WebSocketKind = 'stream' | 'deposits'

declare module 'fastify' {
  interface FastifyRequest {
    held: Held | null
  }
}

/**
 * Bounds what connections make the relay hold: how many there are (in all and of one address), how many requests of one
 * wait for an answer, and the bytes of all bodies together, counted from the first byte of the header on.
 */
export class Admission {
  /** Bytes, those of deposits over WebSockets included. */
  readonly #bodies: Shares
  readonly #webSockets: Readonly<Record<WebSocketKind, Shares>>
  readonly #context: RelayContext
  /** The requests of a connection that wait for their answer. */
  readonly #held = new WeakMap<Socket, Set<Held>>()

  constructor(context: RelayContext) {
    const { limits } = context.config
    const { connections, connectionsPerAddress, bodiesBytes } = limits
    this.#context = context
    this.#bodies = new Shares(bodiesBytes, Math.ceil(bodiesBytes / SHARE_OF_BODIES))
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
    const bytes = bodyBytes(request)
    const hasRoom = bytes === 0 || this.#bodies.take(requester, bytes)
    const held = { requester, bodyBytes: hasRoom ? bytes : 0 }
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

  #release({ held, raw }: FastifyRequest): void {
    if (held === null) return
    // What a connection held that is gone has been given back already.
    if (this.#held.get(raw.socket)?.delete(held) === true) this.#giveBack(held)
  }

  #giveBack({ requester, bodyBytes }: Held): void {
    this.#bodies.giveBack(requester, bodyBytes)
  }
}

/** The most that the body of a request can become. */
function bodyBytes({ headers, routeOptions }: FastifyRequest): number {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  if (length === undefined && coding === undefined) return 0
  const most = routeOptions.bodyLimit
  return length === undefined ? most : Math.min(Number(length), most)
}

function crowded(): RequestError {
  return new RequestError(failure('OVERLOADED', { retryAfterMs: RETRY_WHEN_CROWDED_MS }))
}
