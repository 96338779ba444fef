import type { RelayHost } from './ports.ts'

/** Lets work on one relay's log happen one after the other: each piece sees the checkpoint that the last one kept. */
export class HostTurns {
  readonly #last = new Map<RelayHost, Promise<unknown>>()

  /** Runs `work` once all that was begun before for this relay has ended, however it ended. */
  async take<T>(host: RelayHost, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(host)
    const turn = before === undefined ? work() : before.then(work, work)
    this.#last.set(host, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(host) === turn) this.#last.delete(host)
    }
  }
}
