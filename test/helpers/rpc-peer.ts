import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export interface RpcAnswer {
  readonly id: number | string | null
  readonly result?: unknown
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data: { readonly code: string }
  }
}

export interface RpcNotification {
  readonly method: string
  readonly params: unknown
}

/** The other side has gone (or was killed) before it answered. */
export class PeerGoneError extends Error {
  override readonly name = 'PeerGoneError'
}

/** A program that speaks JSON-RPC with `sotto rpc`. */
export class RpcPeer {
  readonly notifications: RpcNotification[] = []
  readonly #input: Writable
  readonly #waiting = new Map<number, (answer: RpcAnswer | null) => void>()
  readonly #unclaimed: ((answer: RpcAnswer) => void)[] = []
  #nextId = 1
  #isGone = false

  /** @param input - of the other side; @param output - of the other side. */
  constructor(input: Writable, output: Readable) {
    this.#input = input
    input.on('error', () => this.#gone())
    const lines = createInterface({ input: output })
    lines.on('line', (line) => this.#read(line))
    lines.on('close', () => this.#gone())
  }

  /** Calls a method; a refusal fails the test. */
  async call<T = unknown>(method: string, params?: unknown): Promise<T> {
    const answer = await this.ask(method, params)
    if (answer.error !== undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`)
    return answer.result as T
  }

  /** Calls a method and gives the whole answer. */
  async ask(method: string, params?: unknown): Promise<RpcAnswer> {
    const id = this.#nextId++
    const answered = new Promise<RpcAnswer | null>((resolve) => this.#waiting.set(id, resolve))
    if (this.#isGone) this.#gone()
    else this.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    const answer = await answered
    if (answer === null) throw new PeerGoneError(`no answer to ${method}`)
    return answer
  }

  /** Writes a line as it is. */
  write(line: string): void {
    this.#input.write(`${line}\n`)
  }

  /** Writes a line as it is; gives the next answer that belongs to no call, batches included. */
  raw(line: string): Promise<RpcAnswer | RpcAnswer[]> {
    const answered = new Promise<RpcAnswer>((resolve) => this.#unclaimed.push(resolve))
    this.write(line)
    return answered
  }

  #read(line: string): void {
    const message = JSON.parse(line) as RpcAnswer & RpcNotification
    if (typeof message.method === 'string') {
      this.notifications.push(message)
      return
    }
    const waiting = typeof message.id === 'number' ? this.#waiting.get(message.id) : undefined
    if (waiting === undefined) this.#unclaimed.shift()?.(message)
    else waiting(message)
    if (typeof message.id === 'number') this.#waiting.delete(message.id)
  }

  #gone(): void {
    this.#isGone = true
    for (const resolve of this.#waiting.values()) resolve(null)
    this.#waiting.clear()
  }
}
