import type { Socket } from 'node:net'
import { WebSocket, type ClientOptions } from 'ws'
import type { Clock } from '#core/ports.ts'
import {
  decodeDepositAnswers,
  DEPOSIT_WINDOW,
  DEPOSIT_WINDOW_BYTES,
  depositFrameBytes,
  encodeDepositFrame,
  MAX_DEPOSIT_ANSWER_BYTES,
  type DepositAnswerFrame,
  type DepositFrame,
} from '#protocol/deposit-frames.ts'
import type { RelayOrigin } from './relay-origin.ts'

const DEPOSITS_PATH = '/v1/deposits'
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Without an answer for this long, the connection is given up. */
const ANSWER_WITHIN_MS = 20_000
/** Kept this long for the next deposit. */
const IDLE_MS = 10_000

export type Deposit = Omit<DepositFrame, 'number'>

interface Pending {
  readonly bytes: number
  readonly settle: (answer: DepositAnswerFrame | null) => void
}

/** A WebSocket that takes deposits for one relay, many at once (RELAY-API §6.6). Anonymous, like each deposit. */
export class DepositConnection {
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #onClosed: () => void
  readonly #pending = new Map<number, Pending>()
  /** What does not fit into the window yet. */
  readonly #queue: { readonly deposit: Deposit; readonly settle: Pending['settle'] }[] = []
  #pendingBytes = 0
  #nextNumber = 0
  #cancelTimer: () => void = () => undefined

  private constructor(socket: WebSocket, clock: Clock, onClosed: () => void) {
    this.#socket = socket
    this.#clock = clock
    this.#onClosed = onClosed
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
    socket.on('error', () => socket.terminate())
    socket.once('close', () => this.#closed())
    this.#watch()
  }

  /**
   * @param connection - dialled, TLS included.
   * @param onClosed - it takes no deposits any more.
   * @returns `null` where the relay, or something before it, does not open a WebSocket.
   */
  static open(
    connection: Socket,
    origin: RelayOrigin,
    clock: Clock,
    onClosed: () => void,
  ): Promise<DepositConnection | null> {
    const { host } = new URL(origin.url)
    const options: ClientOptions = {
      headers: { host },
      createConnection: () => connection,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: MAX_DEPOSIT_ANSWER_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    }
    const socket = new WebSocket(`ws://${host}${DEPOSITS_PATH}`, options)
    return new Promise((resolve) => {
      const refused = (): void => resolve(null)
      socket.once('error', refused)
      socket.once('open', () => {
        socket.off('error', refused)
        resolve(new DepositConnection(socket, clock, onClosed))
      })
    })
  }

  /** @returns `null` where the connection ended before the answer: the deposit may have arrived or not. */
  deposit(deposit: Deposit): Promise<DepositAnswerFrame | null> {
    return new Promise((settle) => {
      this.#queue.push({ deposit, settle })
      this.#sendQueued()
    })
  }

  close(): void {
    this.#socket.terminate()
  }

  #sendQueued(): void {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      for (const { settle } of this.#queue.splice(0)) settle(null)
      return
    }
    const wasIdle = this.#pending.size === 0
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const bytes = depositFrameBytes(next.deposit.body)
      const fits = this.#pendingBytes + bytes <= DEPOSIT_WINDOW_BYTES
      if (this.#pending.size >= DEPOSIT_WINDOW || !fits) break
      this.#queue.shift()
      const number = this.#nextNumber
      this.#nextNumber = (number + 1) % 2 ** 32
      this.#pending.set(number, { bytes, settle: next.settle })
      this.#pendingBytes += bytes
      this.#socket.send(encodeDepositFrame({ number, ...next.deposit }))
    }
    if (wasIdle && this.#pending.size > 0) this.#watch()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    const answers = isBinary ? decodeDepositAnswers(data) : null
    if (answers === null || answers.some(({ number }) => !this.#pending.has(number))) {
      this.#socket.terminate()
      return
    }
    for (const answer of answers) {
      const pending = this.#pending.get(answer.number)
      this.#pending.delete(answer.number)
      this.#pendingBytes -= pending?.bytes ?? 0
      pending?.settle(answer)
    }
    this.#watch()
    this.#sendQueued()
  }

  /** Ends the connection when an answer does not come, or when it is not needed any more. */
  #watch(): void {
    this.#cancelTimer()
    const withinMs = this.#pending.size > 0 ? ANSWER_WITHIN_MS : IDLE_MS
    this.#cancelTimer = this.#clock.schedule(withinMs, () => this.#socket.terminate())
  }

  #closed(): void {
    this.#cancelTimer()
    this.#onClosed()
    for (const { settle } of this.#pending.values()) settle(null)
    this.#pending.clear()
    this.#sendQueued()
  }
}
