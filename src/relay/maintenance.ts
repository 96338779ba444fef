import type { RelayContext } from './context.ts'

const EXPIRE_EVERY_MS = 60_000
const NEXT_BATCH_MS = 50
const TOUCH_EVERY_MS = 60 * 60_000

/** Removes what has expired, a small batch at a time, and notes which devices are connected. */
export class Maintenance {
  readonly #context: RelayContext
  readonly #onError: (cause: unknown) => void
  readonly #touchTimer: NodeJS.Timeout
  #expireTimer: NodeJS.Timeout
  #stopped = false

  constructor(context: RelayContext, onError: (cause: unknown) => void) {
    this.#context = context
    this.#onError = onError
    this.#expireTimer = setTimeout(() => void this.#expire(), NEXT_BATCH_MS).unref()
    this.#touchTimer = setInterval(() => void this.#touch(), TOUCH_EVERY_MS).unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#expireTimer)
    clearInterval(this.#touchTimer)
  }

  async #expire(): Promise<void> {
    const { storage, rates, config, nowMs } = this.#context
    let removed = 0
    try {
      const { retentionMs, groupIdleMs } = config.limits
      removed = await storage.expire(nowMs(), retentionMs)
      removed += await storage.expireGroups(nowMs(), retentionMs, groupIdleMs)
    } catch (cause) {
      this.#onError(cause)
    }
    rates.sweep()
    if (this.#stopped) return
    const delayMs = removed > 0 ? NEXT_BATCH_MS : EXPIRE_EVERY_MS
    this.#expireTimer = setTimeout(() => void this.#expire(), delayMs).unref()
  }

  async #touch(): Promise<void> {
    const { storage, streams, nowMs } = this.#context
    try {
      for (const mailbox of streams.mailboxes()) await storage.touchDevice(mailbox, nowMs())
    } catch (cause) {
      this.#onError(cause)
    }
  }
}
