import { appendFile, mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Log } from '#core/ports.ts'
import { ERRORS, type ErrorCode } from '#shared/errors.ts'

const MAX_FILE_BYTES = 1_000_000
const KEPT_FILES = 3
const RECENT_PROBLEMS = 50
const MAX_STACK_FRAMES = 12

type Level = 'info' | 'warn' | 'error'
type Data = Readonly<Record<string, number | string | boolean>>

/**
 * The local log of a profile: JSON lines in files that rotate. Events, codes and numbers only; of an error, its
 * class, its code and where it was thrown, but not its message, which could quote what the user wrote. Nothing
 * is sent anywhere. A log that cannot be written is given up quietly: it must never stop the app.
 */
export class FileLog implements Log {
  readonly #path: string
  readonly #nowMs: () => number
  readonly #recent: string[] = []
  #waiting = ''
  #writing: Promise<void> = Promise.resolve()
  #scheduled = false

  constructor(path: string, nowMs: () => number = Date.now) {
    this.#path = path
    this.#nowMs = nowMs
  }

  info(event: string, data: Data = {}): void {
    this.#add('info', event, data)
  }

  warn(event: string, data: Data = {}): void {
    this.#add('warn', event, data)
  }

  error(event: string, cause: unknown): void {
    this.#add('error', event, describeError(cause))
  }

  /** The latest warnings and errors, oldest first, for the diagnostics that a user may copy. */
  recentProblems(): readonly string[] {
    return this.#recent
  }

  /** Resolves when everything logged so far is in the file. */
  flush(): Promise<void> {
    this.#schedule()
    return this.#writing
  }

  #add(level: Level, event: string, data: Data): void {
    const time = new Date(this.#nowMs()).toISOString()
    this.#waiting += JSON.stringify({ time, level, event, ...data }) + '\n'
    if (level !== 'info') {
      this.#recent.push(`${time} ${level} ${event}${'code' in data ? ` ${data['code']}` : ''}`)
      if (this.#recent.length > RECENT_PROBLEMS) this.#recent.shift()
    }
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#writing = this.#writing.then(() => this.#write()).catch(() => undefined)
  }

  async #write(): Promise<void> {
    this.#scheduled = false
    const lines = this.#waiting
    this.#waiting = ''
    if (lines === '') return
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
    await this.#rotate()
    await appendFile(this.#path, lines, { mode: 0o600 })
  }

  async #rotate(): Promise<void> {
    const { size } = await stat(this.#path).catch(() => ({ size: 0 }))
    if (size < MAX_FILE_BYTES) return
    for (let number = KEPT_FILES - 1; number > 0; number--) {
      const from = number === 1 ? this.#path : `${this.#path}.${number - 1}`
      await rename(from, `${this.#path}.${number}`).catch(() => undefined)
    }
  }
}

/** What may be kept of an error: its class, its code and the places in our code, never its message. */
export function describeError(cause: unknown): Data {
  if (!(cause instanceof Error)) return { error: isFailure(cause) ? cause.code : typeof cause }
  const frames = (cause.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_STACK_FRAMES)
    .map((line) => line.trim().replace(/\(?(?:file:\/\/)?[^\s()]*[\\/]([^\\/\s()]+)\)?$/, '$1'))
  const described: Record<string, string> = { error: cause.name, stack: frames.join(' < ') }
  if ('code' in cause && typeof cause.code === 'string') described['code'] = cause.code
  if (cause.cause !== undefined) {
    described['cause'] = cause.cause instanceof Error ? cause.cause.name : typeof cause.cause
  }
  return described
}

/** A failure of ours that was not expected at that place: its code may be kept. */
function isFailure(cause: unknown): cause is { readonly code: ErrorCode } {
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'code' in cause &&
    typeof cause.code === 'string' &&
    Object.hasOwn(ERRORS, cause.code)
  )
}
