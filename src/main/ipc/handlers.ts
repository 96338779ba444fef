import type { Client } from '#core/client.ts'
import {
  CALLS,
  COMMON_ERRORS,
  type CallError,
  type CallInput,
  type CallName,
  type CallOutput,
} from '#ipc/contract.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, type Result } from '#shared/result.ts'

/** Whose page calls: the window's `webContents.id`. */
export interface Caller {
  readonly webContentsId: number
}

/** Handlers and events may give what core holds, without copying. */
export type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> }

/** What a handler gives back; only codes that the contract declares for the call compile. */
type HandlerResult<Name extends CallName> = Result<
  CallOutput<Name> extends undefined ? void : DeepReadonly<CallOutput<Name>>,
  Failure<CallError<Name>>
>

/** Answers one call. Its input is parsed already, its output is checked before it crosses. */
type Handler<Name extends CallName> = (
  input: CallInput<Name>,
  caller: Caller,
) => HandlerResult<Name> | Promise<HandlerResult<Name>>

/** A handler for every call of the contract. */
export type Handlers = { readonly [Name in CallName]: Handler<Name> }

type CallsOf<Noun extends string> = Extract<CallName, `${Noun}.${string}`>

/** The handlers of some nouns, for example `HandlersOf<'links' | 'clipboard'>`. */
export type HandlersOf<Noun extends string> = {
  readonly [Name in CallsOf<Noun>]: Handler<Name>
}

/** Handlers that work on the open profile. */
export type ClientHandlersOf<Noun extends string> = {
  readonly [Name in CallsOf<Noun>]: (
    client: Client,
    input: CallInput<Name>,
  ) => HandlerResult<Name> | Promise<HandlerResult<Name>>
}

/** Lets handlers answer while a profile is open, and `PROFILE_MISSING` while none is. */
export function whileOpen<Noun extends string>(
  handlers: ClientHandlersOf<Noun>,
  openClient: () => Client | null,
): HandlersOf<Noun> {
  const entries = Object.entries<(client: Client, input: never) => unknown>(handlers)
  const wrapped = entries.map(([name, handler]) => [
    name,
    (input: never) => {
      const client = openClient()
      return client === null ? err(failure('PROFILE_MISSING')) : handler(client, input)
    },
  ])
  return Object.fromEntries(wrapped) as HandlersOf<Noun>
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
