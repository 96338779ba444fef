import type { CallError, CallInput, CallName, CallOutput } from '#ipc/contract.ts'
import type { Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'

/** Whose page calls: the window's `webContents.id`. */
export interface Caller {
  readonly webContentsId: number
}

/** Handlers and events may give what core holds, without copying. */
export type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> }

/** What a handler gives back; only codes that the contract declares for the call compile. */
export type HandlerResult<Name extends CallName> = Result<
  DeepReadonly<CallOutput<Name>>,
  Failure<CallError<Name>>
>

/** Answers one call. Its input is parsed already, its output is checked before it crosses. */
export type Handler<Name extends CallName> = (
  input: CallInput<Name>,
  caller: Caller,
) => HandlerResult<Name> | Promise<HandlerResult<Name>>

/** A handler for every call of the contract. */
export type Handlers = { readonly [Name in CallName]: Handler<Name> }

/** The handlers of some nouns, for example `HandlersOf<'links' | 'clipboard'>`. */
export type HandlersOf<Noun extends string> = {
  readonly [Name in Extract<CallName, `${Noun}.${string}`>]: Handler<Name>
}
