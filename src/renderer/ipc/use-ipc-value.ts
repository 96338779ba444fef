import { useCallback, useEffect, useState } from 'react'
import type { CallError, CallInput, CallName, CallOutput } from '#ipc/contract.ts'
import { useIpcCall } from './use-ipc-call.ts'

/** The calls that only read, without input. */
type ReadName = {
  [Name in CallName]: CallInput<Name> extends undefined ? Name : never
}[CallName]

export interface IpcValue<Name extends ReadName> {
  readonly value: CallOutput<Name> | null
  readonly error: CallError<Name> | null
  readonly reload: () => Promise<void>
}

/** What a call without input answers, read when the component is mounted and again on demand. */
export function useIpcValue<Name extends ReadName>(name: Name): IpcValue<Name> {
  const { run, error } = useIpcCall(name)
  const [value, setValue] = useState<CallOutput<Name> | null>(null)

  const reload = useCallback(async () => {
    const outcome = await run(undefined)
    if (outcome.ok) setValue(outcome.value)
  }, [run])

  useEffect(() => void reload(), [reload])

  return { value, error, reload }
}
