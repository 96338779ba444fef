import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { ErrorAnswer } from '#protocol/relay-api.ts'
import { ERRORS, type ErrorCode } from '#shared/errors.ts'
import { systemCode } from '../system-error.ts'
import { CommandFailure } from '../commands/command-failure.ts'

const TIMEOUT_MS = 60_000
const errorAnswer = Compile(ErrorAnswer)

interface RawAnswer {
  readonly status: number
  readonly body: unknown
}

/** Asks the relay that runs at a folder. */
export class AdminClient {
  readonly #path: string
  readonly #where: string

  /** @param where - the folder, for messages. */
  constructor(path: string, where: string) {
    this.#path = path
    this.#where = where
  }

  /** @throws CommandFailure where no relay runs there, or it refuses. */
  async ask<Schema extends TSchema>(
    schema: Schema,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Static<Schema>> {
    const answer = await this.#send(method, path, body)
    const validator = Compile(schema)
    if (!validator.Check(answer.body)) {
      throw new CommandFailure(
        'RELAY_BAD_ANSWER',
        'The relay that runs there is of another version.',
      )
    }
    return answer.body
  }

  /** For changes that have no answer. @throws as {@link ask} */
  async tell(method: string, path: string): Promise<void> {
    await this.#send(method, path, undefined)
  }

  async #send(method: string, path: string, body: unknown): Promise<RawAnswer> {
    const answer = await this.#exchange(method, path, body).catch((cause: unknown) => {
      throw this.#notReached(cause)
    })
    if (answer.status < 300) return answer
    const told = errorAnswer.Check(answer.body) ? answer.body : null
    const code =
      told !== null && Object.hasOwn(ERRORS, told.code) ? (told.code as ErrorCode) : 'INTERNAL'
    throw new CommandFailure(code, ERRORS[code].message)
  }

  #exchange(method: string, path: string, body: unknown): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      const json = body === undefined ? null : JSON.stringify(body)
      const outgoing = request(
        {
          socketPath: this.#path,
          method,
          path,
          timeout: TIMEOUT_MS,
          headers: json === null ? {} : { 'content-type': 'application/json' },
        },
        (response) => {
          text(response)
            .then((answer) => {
              const parsed: unknown = answer === '' ? null : JSON.parse(answer)
              resolve({ status: response.statusCode ?? 500, body: parsed })
            })
            .catch(reject)
        },
      )
      outgoing.once('timeout', () => outgoing.destroy(new Error('the relay does not answer')))
      outgoing.once('error', reject)
      outgoing.end(json ?? undefined)
    })
  }

  #notReached(cause: unknown): CommandFailure {
    if (systemCode(cause) === 'EACCES') {
      const message = `The relay at ${this.#where} belongs to another user: run this command as that user.`
      return new CommandFailure('FORBIDDEN', message, cause)
    }
    const message = `No relay runs at ${this.#where}. Start it, or name its folder with --data.`
    return new CommandFailure('RELAY_UNREACHABLE', message, cause)
  }
}
