import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { ErrorAnswer } from '#protocol/relay-api.ts'
import { ERRORS, failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { BlobStoreError } from './blobs/blob-store.ts'
import { StorageFullError, StorageUnavailableError } from './storage.ts'

/** A code that the relay answers with. */
export type RelayErrorCode = {
  [Code in ErrorCode]: (typeof ERRORS)[Code] extends { readonly http: number } ? Code : never
}[ErrorCode]

export const RETRY_WHEN_UNAVAILABLE_MS = 1_000

/** Ends a request with an error of the table. Thrown inside routes and hooks, answered in one place. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
  readonly failure: Failure<RelayErrorCode>

  constructor(failed: Failure<RelayErrorCode>) {
    super(failed.code)
    this.failure = failed
  }
}

/** Shorthand for a {@link RequestError} with nothing but a code. */
export function refuse(code: RelayErrorCode): RequestError {
  return new RequestError(failure(code))
}

/** The framework's own errors that a request can cause, by status. */
const CODES_BY_STATUS: Readonly<Record<number, RelayErrorCode>> = {
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
  414: 'TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  429: 'RATE_LIMITED',
  431: 'TOO_LARGE',
  503: 'OVERLOADED',
}

function failureOf(error: FastifyError | Error): Failure<RelayErrorCode> {
  if (error instanceof RequestError) return error.failure
  if (error instanceof StorageFullError) return failure('RELAY_FULL')
  if (error instanceof StorageUnavailableError) {
    return failure('OVERLOADED', { retryAfterMs: RETRY_WHEN_UNAVAILABLE_MS })
  }
  if (error instanceof BlobStoreError) return failure('OVERLOADED')
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500
  const code = CODES_BY_STATUS[status] ?? (status < 500 ? 'INVALID_INPUT' : 'INTERNAL')
  return failure(code)
}

/** The status and body of an error's answer. */
export function errorAnswer(
  failed: Failure<RelayErrorCode>,
  serverTimeMs: number,
): { readonly status: number; readonly body: ErrorAnswer } {
  const { http, message } = ERRORS[failed.code]
  return {
    status: http,
    body: {
      code: failed.code,
      message,
      ...(failed.retryAfterMs !== undefined && { retryAfterMs: failed.retryAfterMs }),
      ...(failed.code === 'CLOCK_SKEW' && { serverTimeMs }),
    },
  }
}

function causeOf({ cause, message }: Error): string {
  return cause instanceof Error ? cause.message : message
}

/** Answers any error of a request with its code; details of unexpected ones go to the local log only. */
export function makeErrorHandler(nowMs: () => number) {
  return async (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const failed = failureOf(error)
    if (error instanceof BlobStoreError) {
      request.log.error({ cause: causeOf(error) }, 'the attachment store failed')
    }
    if (failed.code === 'INTERNAL') request.log.error({ cause: error.stack }, 'request failed')
    const { status, body } = errorAnswer(failed, nowMs())
    if (body.retryAfterMs !== undefined) {
      reply.header('retry-after', Math.ceil(body.retryAfterMs / 1_000))
    }
    return reply.code(status).type('application/json').send(JSON.stringify(body))
  }
}
