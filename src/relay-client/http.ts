import { Agent, request, type buildConnector, type Dispatcher } from 'undici'
import { Compile } from 'typebox/compile'
import type { Static, TSchema } from 'typebox'
import type { NetworkError, RelayHost } from '#core/ports.ts'
import { ErrorAnswer } from '#protocol/relay-api.ts'
import { ERA_BYTES, ERA_HEADER, MAX_ANSWER_BYTES } from '#protocol/relay-limits.ts'
import { decodeBase64Url, decodeUtf8 } from '#shared/bytes.ts'
import { ERRORS, failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { dial, DialError, type DialOptions } from './dialer.ts'
import { Origins } from './origins.ts'
import { relayOrigin, type RelayOrigin } from './relay-origin.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One request, ready to send. */
export interface HttpRequest {
  readonly method: Method
  /** With query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** The body of a success is not JSON. */
  readonly wantsBytes?: boolean
  /** Longer than usual for a long poll. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  /** Parsed JSON, or bytes where those are wanted; `undefined` where there is no body. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** In canonical base64url; `null` where none was told. */
  readonly era: string | null
}

export type HttpResult = Result<HttpAnswer, Failure>

const REQUEST_TIMEOUT_MS = 20_000
const CONNECTIONS_PER_RELAY = 8
/** A relay that names a longer time is not believed. */
export const MAX_RETRY_AFTER_MS = 60 * 60_000

const errorAnswer = Compile(ErrorAnswer)

/** Makes a check of answers by a schema. */
export function answerParser<Schema extends TSchema>(
  schema: Schema,
): (body: unknown) => Static<Schema> | null {
  const validator = Compile(schema)
  return (body) => (validator.Check(body) ? body : null)
}

/** The failure that a relay's error answer stands for; `null` where it is not one. */
export function parseErrorAnswer(body: unknown): Failure | null {
  if (!errorAnswer.Check(body) || !Object.hasOwn(ERRORS, body.code)) return null
  return failure(body.code as ErrorCode, {
    ...(body.retryAfterMs !== undefined && {
      retryAfterMs: Math.min(body.retryAfterMs, MAX_RETRY_AFTER_MS),
    }),
    ...(body.serverTimeMs !== undefined && { serverTimeMs: body.serverTimeMs }),
  })
}

/** Told of the era in each answer that has one. */
export type EraListener = (host: RelayHost, era: string) => void

/** HTTP to relays: bounded in time and size, never redirected, every failure a value. */
export class Http {
  readonly #origins = new Origins()
  onEra: EraListener = () => undefined
  #options: DialOptions
  #agent: Agent

  constructor(options: DialOptions) {
    this.#options = options
    this.#agent = this.#makeAgent()
  }

  get dialOptions(): DialOptions {
    return this.#options
  }

  /** Applies to new requests; running ones end as they began. */
  setProxy(proxyFor: DialOptions['proxyFor']): void {
    const old = this.#agent
    this.#options = { ...this.#options, proxyFor }
    this.#agent = this.#makeAgent()
    void old.close()
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }

  /** Where a relay is, and whether with TLS. */
  async origin(host: RelayHost): Promise<Result<RelayOrigin, Failure<NetworkError>>> {
    try {
      return ok(await this.#origins.find(host, this.#options))
    } catch (cause) {
      return err(networkFailure(cause))
    }
  }

  doubtOrigin(host: RelayHost): void {
    this.#origins.doubt(host)
  }

  /** @returns the answer of a success, or the failure, the relay's own or the network's. */
  async send(host: RelayHost, origin: RelayOrigin, wanted: HttpRequest): Promise<HttpResult> {
    try {
      const answer = await this.#exchange(origin, wanted)
      if (answer.era !== null) this.onEra(host, answer.era)
      if (answer.status >= 200 && answer.status < 300) return ok(answer)
      const told = parseErrorAnswer(answer.body)
      // Gateways before a relay that is away answer in their own words.
      const foreign = answer.status >= 500 ? 'RELAY_UNREACHABLE' : 'RELAY_NOT_SOTTO'
      return err(told ?? failure(foreign))
    } catch (cause) {
      this.#origins.doubt(host)
      if (wanted.signal?.aborted) return err(failure('CANCELLED'))
      return err(networkFailure(cause))
    }
  }

  async #exchange(origin: RelayOrigin, wanted: HttpRequest): Promise<HttpAnswer> {
    const timeout = AbortSignal.timeout(wanted.timeoutMs ?? REQUEST_TIMEOUT_MS)
    const response: Dispatcher.ResponseData = await request(`${origin.url}${wanted.path}`, {
      dispatcher: this.#agent,
      method: wanted.method,
      headers: { ...wanted.headers },
      body: wanted.body ?? null,
      signal: wanted.signal ? AbortSignal.any([timeout, wanted.signal]) : timeout,
    })
    const bytes = new Uint8Array(await response.body.arrayBuffer())
    const { statusCode: status, headers } = response
    const era = parseEra(headers[ERA_HEADER])
    if (wanted.wantsBytes && status < 300) return { status, headers, body: bytes, era }
    const body = bytes.length === 0 ? undefined : parseJson(bytes)
    return { status, headers, body, era }
  }

  async #connect(origin: RelayOrigin, callback: buildConnector.Callback): Promise<void> {
    try {
      callback(null, await dial(origin, this.#options))
    } catch (cause) {
      callback(cause instanceof Error ? cause : new Error('no connection', { cause }), null)
    }
  }

  #makeAgent(): Agent {
    return new Agent({
      connections: CONNECTIONS_PER_RELAY,
      maxResponseSize: MAX_ANSWER_BYTES,
      // Long polls wait; the time of every request is bounded by its signal.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: ({ protocol, host, hostname }, callback) => {
        void this.#connect(relayOrigin(host ?? hostname, protocol === 'https:'), callback)
      },
    })
  }
}

function parseEra(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string') return null
  return decodeBase64Url(header)?.length === ERA_BYTES ? header : null
}

/** JSON, or `undefined` for anything else. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? '')
  } catch {
    return undefined
  }
}

/** The code for an exception of the network. */
export function networkFailure(cause: unknown): Failure<NetworkError> {
  if (cause instanceof DialError) return failure(cause.code, { cause })
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return failure('RELAY_BAD_ANSWER', { cause })
  if (code.startsWith('HPE_')) return failure('RELAY_NOT_SOTTO', { cause })
  return failure('RELAY_UNREACHABLE', { cause })
}
