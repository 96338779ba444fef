import * as v from 'valibot'
import { CLIENT_CALLS, type ClientCallName } from '#calls/client-calls.ts'
import type { Client } from '#core/client.ts'
import type { ClientEventName } from '#core/events.ts'
import type { Log } from '#core/ports.ts'
import { storeErrorCode } from '#core/store-error-code.ts'
import { CALLS, EVENTS } from '#ipc/contract.ts'
import { ERRORS, failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import { failureData } from '../output.ts'
import {
  readRequest,
  RPC_CODE,
  type RpcError,
  type RpcId,
  type RpcRequest,
  type RpcResponse,
} from './json-rpc.ts'

/** What is told as notifications. */
export const EVENT_NAMES: readonly ClientEventName[] = [
  'connection.changed',
  'account.changed',
  'settings.changed',
  'relays.changed',
  'conversations.changed',
  'conversations.removed',
  'messages.added',
  'messages.changed',
  'messages.removed',
]

type AnyMethod = (
  client: Client,
  input: unknown,
) => Result<unknown, Failure> | Promise<Result<unknown, Failure>>

/** Answers JSON-RPC messages with the use cases of one client. */
export class RpcServer {
  readonly #client: Client
  readonly #log: Log

  constructor(client: Client, log: Log) {
    this.#client = client
    this.#log = log
  }

  /**
   * Has everything that changes by itself told as notifications, named as in the contract.
   * @returns what stops that.
   */
  publishEvents(publish: (notification: unknown) => void): () => void {
    const stops = EVENT_NAMES.map((name) =>
      this.#client.events.on(name, (payload) => {
        const params: unknown = v.parse(EVENTS[name], payload)
        publish({ jsonrpc: '2.0', method: name, params })
      }),
    )
    return () => stops.forEach((stop) => stop())
  }

  /**
   * Answers one message: a request, or a batch of them. Never throws.
   * @returns `null` where nothing is to be answered.
   */
  async answer(text: string): Promise<RpcResponse | RpcResponse[] | null> {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      return rpcFailure(null, RPC_CODE.parseError, 'This is not JSON.')
    }
    if (!Array.isArray(message)) return this.#answerOne(message)
    if (message.length === 0) return invalidRequest(null)
    const answers = await Promise.all(message.map((member) => this.#answerOne(member)))
    const said = answers.filter((answer) => answer !== null)
    return said.length === 0 ? null : said
  }

  async #answerOne(value: unknown): Promise<RpcResponse | null> {
    const incoming = readRequest(value)
    if (incoming.kind === 'invalid') return invalidRequest(incoming.id)
    const { request } = incoming
    const outcome = await this.#run(request)
    return request.id === undefined ? null : { jsonrpc: '2.0', id: request.id, ...outcome }
  }

  async #run({
    method,
    params,
  }: RpcRequest): Promise<{ readonly result: unknown } | { readonly error: RpcError }> {
    if (!isMethod(method)) {
      return invalid(RPC_CODE.methodNotFound, `There is no method of this name: ${method}`)
    }
    const schema: v.GenericSchema = CALLS[method].input
    const input = v.safeParse(schema, v.is(schema, undefined) ? withoutEmpty(params) : params)
    if (!input.success) {
      const path = v.getDotPath(input.issues[0]) ?? ''
      return invalid(RPC_CODE.invalidParams, 'The params are not of the expected form.', { path })
    }
    if (this.#client.isClosed()) return refused(failure('PROFILE_MISSING'))
    try {
      const result = await (CLIENT_CALLS[method] as AnyMethod)(this.#client, input.output)
      if (!result.ok) return refused(result.error)
      // Only what the contract has a place for goes out.
      return { result: v.parse(CALLS[method].output, result.value) ?? null }
    } catch (cause) {
      const code = storeErrorCode(cause)
      if (code !== null) return refused(failure(code))
      this.#log.error(`rpc.${method}`, cause)
      return { error: rpcError(RPC_CODE.internalError, ERRORS.INTERNAL.message, 'INTERNAL') }
    }
  }
}

/** The answer to what is no request. */
export function invalidRequest(id: RpcId): RpcResponse {
  return rpcFailure(id, RPC_CODE.invalidRequest, 'This is not a JSON-RPC 2.0 request.')
}

function isMethod(name: string): name is ClientCallName {
  return Object.hasOwn(CLIENT_CALLS, name)
}

/** Many clients send empty params for none. */
function withoutEmpty(params: RpcRequest['params']): unknown {
  return params !== undefined && Object.keys(params).length === 0 ? undefined : params
}

function rpcFailure(id: RpcId, code: number, message: string): RpcResponse {
  return { jsonrpc: '2.0', id, ...invalid(code, message) }
}

function invalid(code: number, message: string, detail?: object): { readonly error: RpcError } {
  return { error: rpcError(code, message, 'INVALID_INPUT', detail) }
}

function refused({ code, retryAfterMs }: Failure): { readonly error: RpcError } {
  const detail = retryAfterMs === undefined ? {} : { retryAfterMs }
  return { error: rpcError(RPC_CODE.refused, ERRORS[code].message, code, detail) }
}

function rpcError(code: number, message: string, ours: ErrorCode, detail: object = {}): RpcError {
  return { code, message, data: { ...failureData(ours), ...detail } }
}
