import { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { Protocol } from '../../node_modules/playwright-core/types/protocol.js'

export type { Protocol }

type Method = keyof Protocol.CommandParameters & keyof Protocol.CommandReturnValues

interface Reply {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

interface Waiting {
  readonly method: string
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

type CdpEvents = { [Name in keyof Protocol.Events]: [Protocol.Events[Name]] }

/** One attached target: its commands and its events. */
export class CdpSession extends EventEmitter<CdpEvents> {
  readonly id: string | undefined
  readonly #connection: CdpConnection

  constructor(connection: CdpConnection, id: string | undefined) {
    super()
    this.#connection = connection
    this.id = id
  }

  /** @throws Error where Chromium refuses the command, or has gone. */
  send<M extends Method>(
    method: M,
    params?: Protocol.CommandParameters[M],
  ): Promise<Protocol.CommandReturnValues[M]> {
    return this.#connection.send(method, params, this.id) as Promise<
      Protocol.CommandReturnValues[M]
    >
  }
}

/**
 * Chromium's debugging protocol over its pipe: JSON texts, each ended by a zero byte. Unlike a socket, the
 * pipe closes with this process however it ends, and Chromium then ends too.
 */
export class CdpConnection extends EventEmitter<{ close: [] }> {
  readonly root: CdpSession
  readonly #output: Writable
  readonly #waiting = new Map<number, Waiting>()
  readonly #sessions = new Map<string, CdpSession>()
  #lastId = 0
  #held = ''
  #closed = false

  constructor(output: Writable, input: Readable) {
    super()
    this.#output = output
    this.root = new CdpSession(this, undefined)
    output.on('error', () => this.#close())
    input.setEncoding('utf8')
    input.on('data', (chunk: string) => this.#read(chunk))
    input.on('close', () => this.#close())
  }

  /** The session of an attached target, made on first use. */
  session(id: string): CdpSession {
    let session = this.#sessions.get(id)
    if (session === undefined) {
      session = new CdpSession(this, id)
      this.#sessions.set(id, session)
    }
    return session
  }

  send(
    method: string,
    params: object | undefined,
    sessionId: string | undefined,
  ): Promise<unknown> {
    if (this.#closed) return Promise.reject(new Error(`${method}: Chromium has gone`))
    const id = ++this.#lastId
    this.#output.write(`${JSON.stringify({ id, method, params: params ?? {}, sessionId })}\0`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { method, resolve, reject })
    })
  }

  #read(chunk: string): void {
    const texts = (this.#held + chunk).split('\0')
    this.#held = texts.pop() ?? ''
    for (const text of texts) this.#receive(JSON.parse(text) as Reply)
  }

  #receive(reply: Reply): void {
    if (reply.id !== undefined) {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if (reply.error === undefined) waiting?.resolve(reply.result)
      else waiting?.reject(new Error(`${waiting.method}: ${reply.error.message}`))
      return
    }
    const session = reply.sessionId === undefined ? this.root : this.#sessions.get(reply.sessionId)
    const emitter: EventEmitter | undefined = session
    emitter?.emit(reply.method ?? '', reply.params)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const { method, reject } of this.#waiting.values()) {
      reject(new Error(`${method}: Chromium has gone`))
    }
    this.#waiting.clear()
    this.emit('close')
  }
}
