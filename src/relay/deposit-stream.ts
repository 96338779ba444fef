import type { WebSocket } from 'ws'
import {
  decodeDepositFrame,
  DEPOSIT_CLOSE,
  DEPOSIT_WINDOW,
  DEPOSIT_WINDOW_BYTES,
  encodeDepositAnswers,
  type DepositAnswerFrame,
  type DepositFrame,
} from '#protocol/deposit-frames.ts'
import type { BodyRoom } from './admission.ts'
import type { DepositDesk, DepositResult } from './deposit-desk.ts'

const RETRY_WHEN_CROWDED_MS = 1_000

type Desk = Pick<DepositDesk, 'deposit'>

/** Answers that a sender may leave unread: thousands. */
const MAX_BUFFERED_BYTES = 64 * 1024

/** One sender's WebSocket: deposits come in, answers go out, those of one commit together. */
export class DepositStream {
  readonly #socket: WebSocket
  readonly #desk: Desk
  readonly #address: string
  readonly #room: BodyRoom
  readonly #onError: (cause: unknown) => void
  #unanswered = 0
  #unansweredBytes = 0
  #answers: DepositAnswerFrame[] = []
  /** Something whole has come since the last heartbeat. */
  #active = true

  /** @param address - of the sender: its deposits are counted. */
  constructor(
    socket: WebSocket,
    desk: Desk,
    address: string,
    room: BodyRoom,
    onError: (cause: unknown) => void,
  ) {
    this.#socket = socket
    this.#desk = desk
    this.#address = address
    this.#room = room
    this.#onError = onError
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(data, isBinary))
  }

  /** Ends a connection that has deposited nothing since the last one. A frame that trickles in is nothing. */
  heartbeat(): void {
    if (!this.#active) this.close(DEPOSIT_CLOSE.idle)
    this.#active = false
  }

  close(code: number): void {
    // Whoever does not read does not answer either: no waiting for its half of the closing handshake.
    if (this.#socket.bufferedAmount > 0) this.#socket.terminate()
    else this.#socket.close(code)
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const frame = isBinary ? decodeDepositFrame(data) : null
    if (frame === null) {
      this.close(DEPOSIT_CLOSE.malformed)
      return
    }
    const bytes = data.length
    if (
      this.#unanswered >= DEPOSIT_WINDOW ||
      this.#unansweredBytes + bytes > DEPOSIT_WINDOW_BYTES
    ) {
      this.close(DEPOSIT_CLOSE.windowExceeded)
      return
    }
    this.#active = true
    this.#unanswered += 1
    this.#unansweredBytes += bytes
    if (!this.#room.take(bytes)) {
      const retryAfterMs = RETRY_WHEN_CROWDED_MS
      this.#push({ number: frame.number, outcome: 'OVERLOADED', retryAfterMs }, bytes)
      return
    }
    this.#desk.deposit(frame, this.#address).then(
      (result) => {
        this.#room.giveBack(bytes)
        this.#answer(frame, bytes, result)
      },
      (cause: unknown) => {
        this.#room.giveBack(bytes)
        this.#onError(cause)
        this.#push({ number: frame.number, outcome: 'INTERNAL', retryAfterMs: 0 }, bytes)
      },
    )
  }

  #answer({ number }: DepositFrame, bytes: number, result: DepositResult): void {
    const answer: DepositAnswerFrame = result.ok
      ? { number, outcome: result.value === 'stored' ? 'STORED' : 'SEEN', retryAfterMs: 0 }
      : { number, outcome: result.error.code, retryAfterMs: result.error.retryAfterMs ?? 0 }
    this.#push(answer, bytes)
  }

  #push(answer: DepositAnswerFrame, bytes: number): void {
    this.#unanswered -= 1
    this.#unansweredBytes -= bytes
    // The others of the same commit follow in the same turn.
    if (this.#answers.push(answer) === 1) queueMicrotask(() => this.#flush())
  }

  #flush(): void {
    const answers = this.#answers
    this.#answers = []
    if (this.#socket.readyState !== this.#socket.OPEN) return
    // Whoever does not read its answers cannot go on depositing.
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.terminate()
    else this.#socket.send(encodeDepositAnswers(answers), { binary: true })
  }
}
