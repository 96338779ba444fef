import type { Clock, Log } from './ports.ts'

/** `idle`: until woken; `again`: after that time; `failed`: after a growing, jittered wait. */
export type JobOutcome =
  | { readonly kind: 'idle' }
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly retryAfterMs?: number }

const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 5 * 60_000

/** Something that runs behind, one run at a time, when woken or when its time has come. */
export class Job {
  readonly #name: string
  readonly #clock: Clock
  readonly #log: Log
  readonly #run: () => Promise<JobOutcome>
  readonly #random: () => number
  #running: Promise<void> | null = null
  #wokenMeanwhile = false
  #stopped = false
  #failures = 0
  #cancelTimer: (() => void) | null = null
  #onceSettled: (() => void)[] = []

  /** @param random - from 0 up to 1, for the jitter. */
  constructor(
    name: string,
    parts: { readonly clock: Clock; readonly log: Log; readonly random: () => number },
    run: () => Promise<JobOutcome>,
  ) {
    this.#name = name
    this.#clock = parts.clock
    this.#log = parts.log
    this.#random = parts.random
    this.#run = run
  }

  /** Runs now, or once more after the run that is under way. */
  wake(): void {
    if (this.#stopped) return
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#running !== null) {
      this.#wokenMeanwhile = true
      return
    }
    this.#running = this.#runOnce().finally(() => {
      this.#running = null
      if (this.#wokenMeanwhile) {
        this.#wokenMeanwhile = false
        this.wake()
      } else if (this.isSettled()) {
        for (const resolve of this.#onceSettled.splice(0)) resolve()
      }
    })
  }

  isRunning(): boolean {
    return this.#running !== null
  }

  /** Whether the last run has succeeded and none is under way. */
  isSettled(): boolean {
    return this.#running === null && this.#failures === 0
  }

  /** Resolves when it is settled; never, where no try succeeds. */
  async whenSettled(): Promise<void> {
    if (!this.isSettled()) await new Promise<void>((resolve) => this.#onceSettled.push(resolve))
  }

  /** Resolves when no run is under way, however the last one ended. */
  async whenTried(): Promise<void> {
    await this.#running
  }

  /** As `wake`, forgetting earlier failures: the network is back. */
  wakeFresh(): void {
    this.#failures = 0
    this.wake()
  }

  /** No further runs; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelTimer?.()
    await this.#running
  }

  async #runOnce(): Promise<void> {
    let outcome: JobOutcome
    try {
      outcome = await this.#run()
    } catch (cause) {
      this.#log.error(`job.${this.#name}`, cause)
      outcome = { kind: 'failed' }
    }
    this.#failures = outcome.kind === 'failed' ? this.#failures + 1 : 0
    if (outcome.kind === 'idle' || this.#stopped) return
    const delayMs = outcome.kind === 'again' ? outcome.afterMs : this.#retryDelay(outcome)
    this.#cancelTimer = this.#clock.schedule(delayMs, () => this.wake())
  }

  #retryDelay(outcome: { readonly retryAfterMs?: number }): number {
    const grown = Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS)
    return Math.max(outcome.retryAfterMs ?? 0, grown * (0.5 + this.#random() / 2))
  }
}
