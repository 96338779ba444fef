import type { Clock } from '#core/ports.ts'

/** A clock that stands until it is moved. */
export class ManualClock implements Clock {
  #nowMs: number
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []

  constructor(startMs = 1_000_000) {
    this.#nowMs = startMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  /** When the next timer is due, from now. */
  nextDueMs(): number | null {
    if (this.#timers.length === 0) return null
    return Math.min(...this.#timers.map(({ atMs }) => atMs)) - this.#nowMs
  }

  /** Moves on, firing what becomes due, and lets what it started run. */
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { callback } of due) callback()
    await new Promise((resolve) => setImmediate(resolve))
  }
}
