import type { ConnectionState, Subscription, SubscriptionHandlers } from '#core/ports.ts'
import { failure } from '#shared/errors.ts'
import { backoffMs, spreadMs } from './backoff.ts'
import type { Connection, ConnectionEnd, ConnectionEvents, ConnectionParts } from './connection.ts'
import { PollConnection } from './poll-connection.ts'
import { StreamConnection } from './stream-connection.ts'

/** Where WebSockets are blocked, one is tried again after this time. */
const POLL_PERIOD_MS = 10 * 60_000
/** A relay that ends a connection sooner does not restart in order: then the usual backoff holds. */
const RESTART_AFTER_MS = 1_000
/** A connection that held this long was a good one. */
const STABLE_AFTER_MS = 30_000

/** Keeps receiving: WebSocket first, long poll where that is blocked, and again after every failure. */
export class RelaySubscription implements Subscription {
  readonly #parts: ConnectionParts
  readonly #handlers: SubscriptionHandlers
  readonly #onClosed: () => void
  #connection: Connection | null = null
  #failures = 0
  #pollUntilMs = 0
  #onlineSinceMs: number | null = null
  #closed = false
  #wake: () => void = () => undefined
  #running: Promise<void> = Promise.resolve()

  constructor(parts: ConnectionParts, handlers: SubscriptionHandlers, onClosed: () => void) {
    this.#parts = parts
    this.#handlers = handlers
    this.#onClosed = onClosed
  }

  start(): void {
    this.#running = this.#run()
  }

  reconnectNow(): void {
    this.#failures = 0
    this.#connection?.check()
    this.#wake()
  }

  /** Drops the connection for a new one: the proxy has changed. */
  reconnect(): void {
    this.#failures = 0
    this.#connection?.close()
    this.#wake()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#connection?.close()
    this.#wake()
    await this.#running
    this.#onClosed()
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      this.#tell({ kind: 'connecting' })
      this.#onlineSinceMs = null
      const polling = this.#parts.clock.nowMs() < this.#pollUntilMs
      this.#connection = polling
        ? new PollConnection(this.#parts, this.#events(), this.#pollUntilMs)
        : new StreamConnection(this.#parts, this.#events())
      const end = await this.#connection.run()
      this.#connection = null
      if (!this.#closed) await this.#next(end)
    }
  }

  /** What follows on the end of a connection. */
  async #next(end: ConnectionEnd): Promise<void> {
    const { clock, random } = this.#parts
    if (end.kind === 'blocked') {
      this.#pollUntilMs = clock.nowMs() + POLL_PERIOD_MS
      return
    }
    if (end.kind === 'done') return
    const heldMs = this.#onlineSinceMs === null ? 0 : clock.nowMs() - this.#onlineSinceMs
    if (end.kind === 'restarting' && heldMs >= RESTART_AFTER_MS) {
      this.#failures = 0
      this.#tell({ kind: 'connecting' })
      await this.#sleep(spreadMs(random))
      return
    }
    this.#failures = heldMs >= STABLE_AFTER_MS ? 1 : this.#failures + 1
    this.#pollUntilMs = 0
    const failed = end.kind === 'restarting' ? failure('RELAY_UNREACHABLE') : end.failure
    const delayMs = Math.max(backoffMs(this.#failures, random), failed.retryAfterMs ?? 0)
    const { code } = failed
    this.#tell({ kind: 'offline', code, retryAtMs: clock.nowMs() + delayMs })
    await this.#sleep(delayMs)
  }

  #events(): ConnectionEvents {
    return {
      received: (batch) => this.#handlers.received(batch),
      drained: () => {
        if (!this.#closed) this.#handlers.drained()
      },
      online: (state) => {
        this.#onlineSinceMs = this.#parts.clock.nowMs()
        this.#tell(state)
      },
    }
  }

  #tell(state: ConnectionState): void {
    if (!this.#closed) this.#handlers.stateChanged(state)
  }

  #sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.schedule(delayMs, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
