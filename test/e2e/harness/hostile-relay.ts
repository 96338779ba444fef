import { randomBytes } from 'node:crypto'
import {
  createServer,
  request as sendRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A deposit on its way to the real relay. */
export interface Deposit {
  readonly path: string
  readonly body: Buffer
}

/** What a hostile relay does with a deposit: nothing (`pass`), lose it, or store other bytes. */
export type Deed = 'pass' | 'drop' | Buffer

const DEPOSIT = /^\/v1\/(envelopes|knocks)\/[\w-]+$/
const ENVELOPE_ID_BYTES = 16

/**
 * Stands between the clients and an honest relay, and makes it a hostile one. Clients use its address as their
 * relay's. The sender always sees success.
 */
export class HostileRelay {
  readonly #target: URL
  readonly #server = createServer((request, response) => {
    this.#onRequest(request, response).catch(() => response.destroy())
  })
  readonly #sockets = new Set<Duplex>()
  readonly #deposits: { deposit: Deposit; headers: IncomingHttpHeaders }[] = []
  #deed: (deposit: Deposit) => Deed = () => 'pass'
  #isOnline = true
  #port = 0

  private constructor(target: string) {
    this.#target = new URL(target)
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      if (!this.#isOnline) socket.destroy()
    })
    this.#server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
      this.#onUpgrade(request, socket, head)
    })
  }

  static async before(relayUrl: string): Promise<HostileRelay> {
    const relay = new HostileRelay(relayUrl)
    await new Promise<void>((settle) => relay.#server.listen(0, '127.0.0.1', settle))
    relay.#port = (relay.#server.address() as AddressInfo).port
    return relay
  }

  /** The address that clients take for their relay. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Everything deposited so far, as the sender sent it. */
  get deposits(): readonly Deposit[] {
    return this.#deposits.map(({ deposit }) => deposit)
  }

  /** Decides on each deposit from now on. */
  onDeposit(deed: (deposit: Deposit) => Deed): void {
    this.#deed = deed
  }

  /** Flips one bit in the middle of the next deposit, and passes those after it. */
  tamperWithNext(): void {
    this.#once(({ body }) => {
      const altered = Buffer.from(body)
      const middle = Math.floor(altered.length / 2)
      altered[middle] = (altered[middle] ?? 0) ^ 1
      return altered
    })
  }

  /** Loses the next deposit. */
  dropNext(): void {
    this.#once(() => 'drop')
  }

  #once(deed: (deposit: Deposit) => Deed): void {
    this.#deed = (deposit) => {
      this.#deed = () => 'pass'
      return deed(deposit)
    }
  }

  /**
   * Delivers an earlier deposit again, as a new envelope.
   * @param index - counted from the first deposit
   * @returns the real relay's HTTP status
   */
  async replay(index: number): Promise<number> {
    const earlier = this.#deposits[index]
    if (earlier === undefined) throw new RangeError(`there was no deposit ${index}`)
    const id = randomBytes(ENVELOPE_ID_BYTES).toString('base64url')
    const path = earlier.deposit.path.replace(/[\w-]+$/, id)
    const answer = await this.#forward('PUT', path, earlier.headers, earlier.deposit.body)
    answer.resume()
    return answer.statusCode ?? 0
  }

  /** Cuts all connections and refuses new ones. */
  goOffline(): void {
    this.#isOnline = false
    for (const socket of this.#sockets) socket.destroy()
  }

  goOnline(): void {
    this.#isOnline = true
  }

  async close(): Promise<void> {
    this.goOffline()
    await new Promise((settle) => this.#server.close(settle))
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/'
    const method = request.method ?? 'GET'
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    let body = Buffer.concat(chunks)
    if (method === 'PUT' && DEPOSIT.test(path)) {
      const deposit = { path, body }
      this.#deposits.push({ deposit, headers: request.headers })
      const deed = this.#deed(deposit)
      if (deed === 'drop') {
        response.writeHead(201, { 'content-type': 'application/json' })
        response.end('{"stored":true}')
        return
      }
      if (deed !== 'pass') body = Buffer.from(deed)
    }
    const answer = await this.#forward(method, path, request.headers, body)
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  }

  #forward(
    method: string,
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<IncomingMessage> {
    const forwarded: IncomingHttpHeaders = { ...headers, 'content-length': String(body.length) }
    delete forwarded['transfer-encoding']
    return new Promise((resolve, reject) => {
      // The Host header stays: the relay checks signatures over the address that the client used.
      const request = sendRequest(new URL(path, this.#target), {
        method,
        agent: false,
        headers: forwarded,
      })
      request.once('response', resolve)
      request.once('error', reject)
      request.end(body)
    })
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const upstream: Socket = connect(Number(this.#target.port), this.#target.hostname, () => {
      const headers = request.rawHeaders
        .map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`))
        .join('')
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers}\r\n`)
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
    socket.on('close', () => upstream.destroy())
    upstream.on('close', () => socket.destroy())
  }
}
