import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import * as v from 'valibot'
import { SettingsView } from '#shared/views.ts'
import { WindowState } from './windows/window-state.ts'

const SAVE_DELAY_MS = 500

const ShellStateFile = v.strictObject({
  window: v.nullable(WindowState),
  /** Copies of two settings, so that the window has its colours and language before the profile is unlocked. */
  theme: SettingsView.entries.theme,
  language: SettingsView.entries.language,
})
export type ShellState = v.InferOutput<typeof ShellStateFile>

const DEFAULT_STATE: ShellState = {
  window: null,
  theme: 'system',
  language: 'system',
}

/**
 * What the shell must know before the encrypted store is open: a small plain file. Nothing in it tells about
 * contacts or messages.
 */
export class ShellStateStore {
  readonly #path: string
  #state: ShellState
  #timer: NodeJS.Timeout | null = null
  #saving: Promise<void> = Promise.resolve()

  private constructor(path: string, state: ShellState) {
    this.#path = path
    this.#state = state
  }

  /** Reads the file (a few hundred bytes, once at start); a missing or damaged one gives the defaults. */
  static load(path: string): ShellStateStore {
    return new ShellStateStore(path, readState(path))
  }

  get(): ShellState {
    return this.#state
  }

  /** Changes the state now and the file soon. */
  update(change: Partial<ShellState>): void {
    this.#state = { ...this.#state, ...change }
    this.#timer ??= setTimeout(() => void this.flush(), SAVE_DELAY_MS)
  }

  /** Resolves when the file has the current state; it is replaced as a whole, so it is never half-written. */
  flush(): Promise<void> {
    if (this.#timer === null) return this.#saving
    clearTimeout(this.#timer)
    this.#timer = null
    const content = JSON.stringify(this.#state)
    this.#saving = this.#saving.then(async () => {
      const temporary = `${this.#path}.new`
      await writeFile(temporary, content, { mode: 0o600 })
      await rename(temporary, this.#path)
    })
    this.#saving = this.#saving.catch(() => undefined)
    return this.#saving
  }
}

function readState(path: string): ShellState {
  try {
    const parsed = v.safeParse(ShellStateFile, JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success ? parsed.output : DEFAULT_STATE
  } catch {
    return DEFAULT_STATE
  }
}
