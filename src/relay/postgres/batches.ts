import { StorageFullError, StorageUnavailableError } from '../storage.ts'

export interface BatchesOptions<Job, Answer> {
  /** How many batches run at once. */
  readonly lanes: number
  readonly maxJobs: number
  /** Jobs with the same number run in the order in which they came. */
  readonly laneOf: (job: Job) => number
  /** All of it in one transaction; one answer for each job. */
  readonly run: (jobs: readonly Job[]) => Promise<readonly Answer[]>
}

interface Waiting<Job, Answer> {
  readonly job: Job
  readonly atMs: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (cause: unknown) => void
}

/** Whoever waits longer is told to try again: a commit may wait for its standbys for hours. */
export const ANSWER_WITHIN_MS = 10_000
/** Refused at once beyond: nothing is gained by waiting, and memory is bounded. */
const MAX_WAITING = 4_096

/** Runs jobs in groups: all that came while a lane was busy share its next transaction. */
export class Batches<Job, Answer> {
  readonly #options: BatchesOptions<Job, Answer>
  readonly #lanes: Waiting<Job, Answer>[][]
  readonly #busy = new Map<number, Promise<void>>()
  readonly #unanswered = new Set<Waiting<Job, Answer>>()
  readonly #timer: NodeJS.Timeout

  constructor(options: BatchesOptions<Job, Answer>) {
    this.#options = options
    this.#lanes = Array.from({ length: options.lanes }, () => [])
    this.#timer = setInterval(() => this.#giveUp(), ANSWER_WITHIN_MS / 4).unref()
  }

  add(job: Job): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#unanswered.size >= MAX_WAITING) {
        reject(new StorageUnavailableError('too many changes wait for the database'))
        return
      }
      const waiting = { job, atMs: performance.now(), resolve, reject }
      this.#unanswered.add(waiting)
      const lane = this.#options.laneOf(job) % this.#lanes.length
      this.#lanes[lane]?.push(waiting)
      if (!this.#busy.has(lane)) this.#busy.set(lane, this.#work(lane))
    })
  }

  /** Resolves when everything added so far has been answered. */
  async close(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy.values())
    clearInterval(this.#timer)
  }

  async #work(lane: number): Promise<void> {
    // What comes in the same turn of the event loop belongs together.
    await new Promise((resolve) => setImmediate(resolve))
    const queue = this.#lanes[lane] ?? []
    while (queue.length > 0) await this.#run(queue.splice(0, this.#options.maxJobs))
    this.#busy.delete(lane)
  }

  async #run(group: readonly Waiting<Job, Answer>[]): Promise<void> {
    const wanted = group.filter((waiting) => this.#unanswered.has(waiting))
    if (wanted.length === 0) return
    try {
      const answers = await this.#options.run(wanted.map(({ job }) => job))
      wanted.forEach((waiting, index) => {
        this.#unanswered.delete(waiting)
        waiting.resolve(answers[index] as Answer)
      })
    } catch (cause) {
      const common = cause instanceof StorageUnavailableError || cause instanceof StorageFullError
      if (wanted.length > 1 && !common) {
        // One of them failed all: alone, only the culprit does.
        for (const waiting of wanted) await this.#run([waiting])
        return
      }
      for (const waiting of wanted) this.#reject(waiting, cause)
    }
  }

  #giveUp(): void {
    const beforeMs = performance.now() - ANSWER_WITHIN_MS
    for (const waiting of this.#unanswered) {
      if (waiting.atMs > beforeMs) return
      this.#reject(waiting, new StorageUnavailableError('the database did not answer in time'))
    }
  }

  #reject(waiting: Waiting<Job, Answer>, cause: unknown): void {
    this.#unanswered.delete(waiting)
    waiting.reject(cause)
  }
}
