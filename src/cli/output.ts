import type { Writable } from 'node:stream'
import { ERRORS, type ErrorCode, type Failure } from '#shared/errors.ts'

/** A failure as the command tells it: the table's sentence, and what to do here. */
export interface Refusal extends Failure {
  readonly hint?: string
}

/** Nobody reads what is printed any more (`sotto … | head`): the command ends, quietly. */
export class OutputClosedError extends Error {
  override readonly name = 'OutputClosedError'
}

// Control characters could drive a terminal, and bidirectional overrides could reorder what is around them.
const CONTROLS = /(?![\n\t])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu
const CONTROLS_BEYOND_JSON = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** Text that others have written, safe for a terminal. */
export function printable(text: string): string {
  return text.replace(CONTROLS, '\uFFFD')
}

/** One line of JSON (a line of nothing else), safe for a terminal. */
export function jsonLine(value: unknown): string {
  const escape = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `${JSON.stringify(value).replace(CONTROLS_BEYOND_JSON, escape)}\n`
}

/** Where a command prints: results to standard output, as text or JSON lines; everything else to standard error. */
export class Output {
  readonly json: boolean
  readonly #stdout: Writable
  readonly #stderr: Writable

  constructor(streams: { readonly stdout: Writable; readonly stderr: Writable }, json: boolean) {
    this.#stdout = streams.stdout
    this.#stderr = streams.stderr
    this.json = json
  }

  /**
   * Prints one result; resolves when it is written.
   * @param text - for people; what others have written in it must be `printable`.
   * @throws OutputClosedError where nobody reads any more.
   */
  result(data: unknown, text: string): Promise<void> {
    return this.line(this.json ? jsonLine(data) : `${text}\n`)
  }

  /** Writes a whole line to standard output. */
  line(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stdout.write(line, (cause) => {
        if (cause) reject(new OutputClosedError('nobody reads the output', { cause }))
        else resolve()
      })
    })
  }

  /** Tells people something that is no result. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`)
  }

  /** Tells what went wrong: a sentence, or its code with it as JSON. */
  refusal({ code, hint, retryAfterMs }: Refusal): void {
    const message = hint ?? ERRORS[code].message
    if (!this.json) this.note(message)
    else {
      const error = {
        ...failureData(code),
        message,
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      }
      this.#stderr.write(jsonLine({ error }))
    }
  }
}

/** A code, and whether trying again can help. */
export function failureData(code: ErrorCode) {
  return { code, retry: ERRORS[code].retry }
}
