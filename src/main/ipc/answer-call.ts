import * as v from 'valibot'
import type { Log } from '#core/ports.ts'
import { storeErrorCode } from '#core/store-error-code.ts'
import { CALLS, type CallName } from '#ipc/contract.ts'
import { ERRORS, failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import { isDeclared, type Caller, type Handlers } from './handlers.ts'

/** What crosses to the page: a checked value, or a code. Never a message, a cause or a stack. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false
      readonly error: { readonly code: ErrorCode; readonly retryAfterMs?: number }
    }

type AnyHandler = (
  input: unknown,
  caller: Caller,
) => Result<unknown, Failure> | Promise<Result<unknown, Failure>>

/** Answers that cannot be more than a code. */
export function refuse(code: ErrorCode): Answer {
  return { ok: false, error: { code } }
}

/**
 * Answers one call of the page: parses the name and the input strictly, runs the handler, maps the outcome.
 * Never throws. What the handler returns crosses only if it fits the output schema of the contract, so a field
 * that has no place there (a key, a token) cannot slip out by mistake.
 */
export async function answerCall(
  handlers: Handlers,
  log: Log,
  name: unknown,
  input: unknown,
  caller: Caller,
): Promise<Answer> {
  if (!isCallName(name)) return refuse('INVALID_INPUT')
  try {
    const parsed = v.safeParse(CALLS[name].input, input)
    if (!parsed.success) return refuse('INVALID_INPUT')
    const result = await (handlers[name] as AnyHandler)(parsed.output, caller)
    return result.ok ? answerValue(name, result.value, log) : answerFailure(name, result.error, log)
  } catch (cause) {
    const code = storeErrorCode(cause)
    if (code !== null) return answerFailure(name, failure(code, { cause }), log)
    log.error(`ipc-call-threw ${name}`, cause)
    return refuse('INTERNAL')
  }
}

function answerValue(name: CallName, value: unknown, log: Log): Answer {
  const checked = v.safeParse(CALLS[name].output, value)
  if (checked.success) return { ok: true, value: checked.output }
  log.warn(`ipc-output-refused ${name} ${issuePath(checked.issues[0])}`)
  return refuse('INTERNAL')
}

function answerFailure(name: CallName, failed: Failure, log: Log): Answer {
  const { code, retryAfterMs } = failed
  if (code === 'INTERNAL') log.error(`ipc-call-failed ${name}`, failed.cause)
  else if (!isDeclared(name, failed)) {
    log.warn(`ipc-undeclared-code ${name} ${Object.hasOwn(ERRORS, code) ? code : '(unknown)'}`)
    return refuse('INTERNAL')
  }
  if (retryAfterMs === undefined || !Number.isFinite(retryAfterMs)) return refuse(code)
  return { ok: false, error: { code, retryAfterMs } }
}

function isCallName(name: unknown): name is CallName {
  return typeof name === 'string' && Object.hasOwn(CALLS, name)
}

/** Where a value did not fit its schema: names of the schema and indexes only, never a value. */
export function issuePath(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? '(root)'} (${issue.type})`
}
