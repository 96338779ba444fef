import type { CallError, CallName, CallOutput } from '#ipc/contract.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'

/** Answers and events may give what core holds, without copying. */
export type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> }

/** What answers a call: its output, or a failure. Without `Code`, only codes that the contract declares compile. */
export type CallResult<Name extends CallName, Code extends ErrorCode = CallError<Name>> = Result<
  CallOutput<Name> extends undefined ? void : DeepReadonly<CallOutput<Name>>,
  Failure<Code>
>
