import type { DepositStream } from './deposit-stream.ts'

/** A connection that has deposited nothing for this long, or twice as long, is ended. */
const HEARTBEAT_MS = 30_000
const GOING_AWAY = 1001

/** The senders' WebSockets of this process. */
export class DepositStreams {
  readonly #streams = new Set<DepositStream>()
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.heartbeat(), HEARTBEAT_MS)
    this.#timer.unref()
  }

  get size(): number {
    return this.#streams.size
  }

  add(stream: DepositStream): void {
    this.#streams.add(stream)
  }

  remove(stream: DepositStream): void {
    this.#streams.delete(stream)
  }

  heartbeat(): void {
    for (const stream of this.#streams) stream.heartbeat()
  }

  closeAll(): void {
    clearInterval(this.#timer)
    for (const stream of this.#streams) stream.close(GOING_AWAY)
  }

  /** Cuts those off that did not close. */
  terminateAll(): void {
    for (const stream of this.#streams) stream.terminate()
  }
}
