import { connect, type Socket } from 'node:net'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeRequest } from './raw-http.ts'
import { CLOSE, decodeFrames, type ReceivedFrame } from './websocket-frames.ts'

const OPENED = /^HTTP\/1\.1 101 /
const HEAD_END = '\r\n\r\n'
const PATIENCE_MS = 10_000

export const settle = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until something is so. @throws where it does not become so in time. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  for (let waitedMs = 0; !condition(); waitedMs += 2) {
    if (waitedMs > PATIENCE_MS) throw new Error(`in vain: ${what}`)
    await settle(2)
  }
}

/** The bytes of an opening handshake, with header fields changed or added. */
export function handshake(
  host: string,
  target: string,
  headers: Readonly<Record<string, string>>,
): Uint8Array {
  const fields = {
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.from(randomBytes(16)).toString('base64'),
    ...headers,
  }
  const request = encodeRequest(host, {
    method: 'GET',
    target,
    headers: Object.entries(fields),
    body: new Uint8Array(0),
  })
  const text = Buffer.from(request).toString('latin1')
  return Buffer.from(text.replace('connection: close', 'connection: upgrade'), 'latin1')
}

/** A WebSocket without a library: it sends what it is told to, and answers nothing by itself. */
export class RawWebSocket {
  readonly socket: Socket
  readonly closed: Promise<void>
  readonly #chunks: Buffer[] = []

  private constructor(host: string) {
    const [hostname = '', port] = host.split(':')
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    this.socket.setNoDelay(true)
    this.socket.on('data', (chunk) => this.#chunks.push(chunk))
    // What the relay does to the connection is looked at below.
    this.socket.on('error', () => undefined)
    this.closed = new Promise((resolve) => this.socket.once('close', () => resolve()))
  }

  /** @throws where the relay does not open one. */
  static async open(
    host: string,
    target: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<RawWebSocket> {
    const opened = new RawWebSocket(host)
    opened.socket.write(handshake(host, target, headers))
    await eventually('an answer to the handshake', () => opened.#text().includes(HEAD_END))
    if (!OPENED.test(opened.#text())) throw new Error(opened.#text())
    return opened
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  frames(): readonly ReceivedFrame[] {
    const { received } = this
    return decodeFrames(received.subarray(received.indexOf(HEAD_END) + HEAD_END.length))
  }

  /** @returns the code that the relay closes with; `null` where it has not closed, `1005` where it says none. */
  closeCode(): number | null {
    const close = this.frames().find(({ opcode }) => opcode === CLOSE)
    if (close === undefined) return null
    return close.payload.length < 2 ? 1005 : close.payload.readUInt16BE(0)
  }

  /** Writes; harmless where the relay has ended the connection. */
  write(...pieces: readonly Uint8Array[]): void {
    if (!this.socket.writable) return
    this.socket.cork()
    for (const piece of pieces) this.socket.write(piece)
    this.socket.uncork()
  }

  async destroy(): Promise<void> {
    this.socket.destroy()
    await this.closed
  }

  #text(): string {
    return this.received.toString('latin1')
  }
}
