import type { CallResult } from '#calls/call-result.ts'
import type { ClientCall } from '#calls/client-calls.ts'
import type { Client } from '#core/client.ts'
import {
  CALLS,
  COMMON_ERRORS,
  type CallError,
  type CallInput,
  type CallName,
} from '#ipc/contract.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, type Result } from '#shared/result.ts'

/** Whose page calls: the window's `webContents.id`. */
export interface Caller {
  readonly webContentsId: number
}

/** Answers one call. Its input is parsed already, its output is checked before it crosses. */
type Handler<Name extends CallName> = (
  input: CallInput<Name>,
  caller: Caller,
) => CallResult<Name> | Promise<CallResult<Name>>

/** A handler for every call of the contract. */
export type Handlers = { readonly [Name in CallName]: Handler<Name> }

/** The handlers of some nouns, for example `HandlersOf<'about' | 'clipboard'>`. */
export type HandlersOf<Noun extends string> = Pick<Handlers, Extract<CallName, `${Noun}.${string}`>>

type Answer = Result<unknown, Failure>

/** Has calls answered while a profile is open, and `PROFILE_MISSING` while none is. */
export function whileOpen<Name extends CallName>(
  calls: { readonly [Each in Name]: ClientCall<Each> },
  openClient: () => Client | null,
): Pick<Handlers, Name> {
  type AnyCall = (client: Client, input: never) => Answer | Promise<Answer>
  const entries = Object.entries<AnyCall>(calls).map(([name, call]) => [
    name,
    async (input: never) => {
      const client = openClient()
      if (client === null) return err(failure('PROFILE_MISSING'))
      return declared(name as Name, await call(client, input))
    },
  ])
  return Object.fromEntries(entries) as Pick<Handlers, Name>
}

/** Narrows a failure of core to the codes that the contract declares for a call; any other one is `INTERNAL`. */
export function declared<Name extends CallName, T>(
  name: Name,
  result: Result<T, Failure>,
): Result<T, Failure<CallError<Name>>> {
  if (result.ok || isDeclared(name, result.error))
    return result as Result<T, Failure<CallError<Name>>>
  return err(failure('INTERNAL', { cause: result.error }))
}

/** Whether a call may fail with this code. */
export function isDeclared(name: CallName, { code }: Failure): boolean {
  const codes: readonly ErrorCode[] = [...CALLS[name].errors, ...COMMON_ERRORS]
  return codes.includes(code)
}
