import { useCallback, useEffect, useRef, useState } from 'react'
import type { CallError, CallInput, CallName, CallOutcome } from '#ipc/contract.ts'
import { call } from './bridge.ts'

export interface IpcCall<Name extends CallName> {
  /** Makes the call. The outcome is also kept in `error` until the next one. */
  readonly run: (input: CallInput<Name>) => Promise<CallOutcome<Name>>
  readonly pending: boolean
  readonly error: CallError<Name> | null
  readonly clearError: () => void
}

/** One call of the contract for a component: what it is doing, and why it failed the last time. */
export function useIpcCall<Name extends CallName>(name: Name): IpcCall<Name> {
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<CallError<Name> | null>(null)
  const latest = useRef(0)

  // A late answer of an unmounted component, or of an overtaken call, changes nothing.
  useEffect(() => () => void (latest.current = -1), [])

  const run = useCallback(
    async (input: CallInput<Name>) => {
      const turn = Math.max(latest.current, 0) + 1
      latest.current = turn
      setPending(true)
      setError(null)
      const outcome = await call(name, input)
      if (latest.current === turn) {
        setPending(false)
        setError(outcome.ok ? null : outcome.error.code)
      }
      return outcome
    },
    [name],
  )

  const clearError = useCallback(() => setError(null), [])
  return { run, pending, error, clearError }
}
