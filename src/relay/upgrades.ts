import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServerResponse, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import type { RelayApp } from './context.ts'
import { refuse } from './request-error.ts'

/**
 * Pieces of one message: an envelope needs one frame, in a hundred packets of the smallest size. Each piece costs many
 * times its bytes in memory.
 */
const MAX_FRAGMENTS = 64
const MAX_CHUNKS = 1_024

interface Upgrade {
  readonly socket: Duplex
  readonly head: Buffer
  readonly response: ServerResponse
}

function destroyIt(this: Duplex): void {
  this.destroy()
}

/**
 * What the peer does to its connection is no error of the relay. It has been told the code already, and may lose it if
 * it is cut off at once; whoever does not read is.
 */
function endIt(this: WebSocket): void {
  if (this.bufferedAmount > 0) this.terminate()
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined
}

/**
 * WebSockets on routes of the HTTP server. A request to upgrade takes the way of every request (limits, schemas,
 * signatures), and its route accepts it at the end. After that nothing of the request is kept: ten thousand idle
 * connections cost what their sockets cost.
 */
export class Upgrades {
  readonly #upgrades = new WeakMap<IncomingMessage, Upgrade>()
  readonly #servers = new Map<number, WebSocketServer>()
  readonly #refused: (response: ServerResponse) => void

  /** @param refused - answers what asks to upgrade where there is nothing to upgrade to. */
  constructor(
    app: RelayApp,
    paths: ReadonlySet<string>,
    refused: (response: ServerResponse) => void,
  ) {
    this.#refused = refused
    const server: Server = app.server
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', destroyIt)
      const response = this.#answer(request, socket)
      if (response === null) {
        socket.destroy()
        return
      }
      const [path = ''] = request.url?.split('?') ?? []
      // Room for a body would be kept for as long as the connection.
      if (request.method !== 'GET' || !paths.has(path) || hasBody(request)) {
        refused(response)
        return
      }
      this.#upgrades.set(request, { socket, head, response })
      app.routing(request, response)
    })
  }

  /** @returns `null` where a request before it on the same connection has not been answered: nobody waits for that. */
  #answer(request: IncomingMessage, socket: Duplex): ServerResponse | null {
    const response = new ServerResponse(request)
    try {
      response.assignSocket(socket as Socket)
    } catch {
      return null
    }
    response.shouldKeepAlive = false
    // Where it is not accepted, the answer is the end of the connection.
    response.once('finish', () => (socket as Socket).destroySoon())
    return response
  }

  /** Refuses a plain request. For the hooks of a route, before {@link accept}. */
  require(request: FastifyRequest): void {
    if (!this.#upgrades.has(request.raw)) throw refuse('INVALID_INPUT')
  }

  /**
   * Completes the handshake.
   * @param maxFrameBytes - longest message that is taken from the other side; a longer one ends the connection (1009).
   * @param ended - called once, when the connection is gone, however far it got.
   * @param opened - gets the socket before any message of it.
   */
  accept(
    request: FastifyRequest,
    reply: FastifyReply,
    maxFrameBytes: number,
    ended: () => void,
    opened: (socket: WebSocket) => void,
  ): void {
    const upgrade = this.#upgrades.get(request.raw)
    if (upgrade === undefined) throw new TypeError('a request was accepted that is no upgrade')
    const { socket, head, response } = upgrade
    this.#upgrades.delete(request.raw)
    reply.hijack()
    response.detachSocket(socket as Socket)
    socket.off('error', destroyIt)
    if (socket.destroyed) {
      ended()
      return
    }
    socket.once('close', ended)
    this.#server(maxFrameBytes).handleUpgrade(request.raw, socket, head, (webSocket) => {
      webSocket.on('error', endIt)
      opened(webSocket)
    })
  }

  #server(maxPayload: number): WebSocketServer {
    const server =
      this.#servers.get(maxPayload) ??
      new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload,
        maxFragments: MAX_FRAGMENTS,
        maxBufferedChunks: MAX_CHUNKS,
      })
    if (!this.#servers.has(maxPayload)) {
      // The library's own answer to a handshake that is none is a page of HTML.
      server.on('wsClientError', (_error, socket, request) => {
        const response = this.#answer(request, socket)
        if (response === null) socket.destroy()
        else this.#refused(response)
      })
    }
    this.#servers.set(maxPayload, server)
    return server
  }
}
