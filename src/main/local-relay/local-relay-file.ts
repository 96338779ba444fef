import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import { LocalRelayNetwork } from '#shared/views.ts'

const State = v.strictObject({
  /** Whether it runs while the app does. */
  runs: v.boolean(),
  network: LocalRelayNetwork,
  /** Part of its accounts' addresses; 0 until it ran once. */
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
})
type State = v.InferOutput<typeof State>

const NEVER_RAN: State = { runs: false, network: 'this-computer', port: 0 }

/** What is known of the local relay from one start of the app to the next: a small plain file. */
export class LocalRelayFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** A missing or damaged file says that it never ran. */
  read(): State {
    try {
      const parsed = v.safeParse(State, JSON.parse(readFileSync(this.#path, 'utf8')))
      return parsed.success ? parsed.output : NEVER_RAN
    } catch {
      return NEVER_RAN
    }
  }

  /** @returns False where it cannot be kept: the disk is full, say. */
  write(state: State): boolean {
    if (isDeepStrictEqual(state, this.read())) return true
    const temporary = `${this.#path}.new`
    try {
      writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 })
      renameSync(temporary, this.#path)
      return true
    } catch {
      return false
    }
  }
}
