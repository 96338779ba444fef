import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServerResponse, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import type { RelayApp } from './context.ts'
import { refuse } from './request-error.ts'

interface Upgrade {
  readonly socket: Duplex
  readonly head: Buffer
  readonly response: ServerResponse
}

function destroyIt(this: Duplex): void {
  this.destroy()
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
      const [path = ''] = request.url?.split('?') ?? []
      if (request.method !== 'GET' || !paths.has(path)) {
        refused(response)
        return
      }
      this.#upgrades.set(request, { socket, head, response })
      app.routing(request, response)
    })
  }

  #answer(request: IncomingMessage, socket: Duplex): ServerResponse {
    const response = new ServerResponse(request)
    response.assignSocket(socket as Socket)
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
    socket.once('close', ended)
    this.#server(maxFrameBytes).handleUpgrade(request.raw, socket, head, opened)
  }

  #server(maxPayload: number): WebSocketServer {
    const server =
      this.#servers.get(maxPayload) ??
      new WebSocketServer({
        noServer: true,
        clientTracking: false,
        perMessageDeflate: false,
        maxPayload,
      })
    if (!this.#servers.has(maxPayload)) {
      // The library's own answer to a handshake that is none is a page of HTML.
      server.on('wsClientError', (_error, socket, request) => {
        this.#refused(this.#answer(request, socket))
      })
    }
    this.#servers.set(maxPayload, server)
    return server
  }
}
