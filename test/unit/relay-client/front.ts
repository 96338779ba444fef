import { createServer, connect, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A TCP forwarder between client and relay that a test can freeze, cut, or let spoil what passes. */
export class Front {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #target: number
  frozen = false
  /** Called with the first bytes of each connection; `false` cuts it. */
  admit: (firstBytes: string) => boolean = () => true
  connections = 0
  /** Bytes, both ways together, after which everything is cut, again and again; `null`: never. */
  cutAfterBytes: number | null = null
  #passedBytes = 0

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer((client) => this.#forward(client))
  }

  static async start(target: string): Promise<Front> {
    const front = new Front(Number(new URL(target).port))
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve))
    return front
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Everything open ends; new connections are taken. */
  cut(): void {
    this.#passedBytes = 0
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #forward(client: Socket): void {
    this.connections += 1
    const relay = connect(this.#target, '127.0.0.1')
    this.#sockets.add(client).add(relay)
    for (const [from, to] of [
      [client, relay],
      [relay, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
    let first = true
    client.on('data', (chunk) => {
      const admitted = !first || this.admit(chunk.toString('latin1'))
      first = false
      if (this.#isSpent(chunk)) return
      if (!admitted) client.destroy()
      else if (!this.frozen) relay.write(chunk)
    })
    relay.on('data', (chunk) => {
      if (this.#isSpent(chunk)) return
      if (!this.frozen) client.write(chunk)
    })
  }

  #isSpent(chunk: Uint8Array): boolean {
    this.#passedBytes += chunk.length
    if (this.cutAfterBytes === null || this.#passedBytes <= this.cutAfterBytes) return false
    this.cut()
    return true
  }
}
