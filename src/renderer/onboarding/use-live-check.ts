import { useEffect, useEffectEvent, useState } from 'react'
import type { CallName, CallOutcome } from '#ipc/contract.ts'
import { ERRORS } from '#shared/errors.ts'

const TYPING_PAUSE_MS = 450
const RETRY_MS = 4_000

/** What is known about an input that is being typed. */
export type LiveCheck<Name extends CallName> =
  | { readonly state: 'none' }
  | { readonly state: 'checking' }
  | { readonly state: 'done'; readonly outcome: CallOutcome<Name> }

/**
 * Checks an input some time after the last change, and again by itself where trying later can help (a relay
 * that is being started). A late answer to an input that has changed meanwhile is dropped.
 * @param key - what is being checked; `null` where there is nothing to check.
 */
export function useLiveCheck<Name extends CallName>(
  key: string | null,
  check: () => Promise<CallOutcome<Name>>,
): LiveCheck<Name> {
  const [checked, setChecked] = useState<{ key: string; outcome: CallOutcome<Name> } | null>(null)
  const checkNow = useEffectEvent(check)

  useEffect(() => {
    if (key === null) return
    const checkedKey = key
    let stopped = false
    let timer = setTimeout(run, TYPING_PAUSE_MS)
    async function run(): Promise<void> {
      const outcome = await checkNow()
      if (stopped) return
      setChecked({ key: checkedKey, outcome })
      if (!outcome.ok && ERRORS[outcome.error.code].retry === 'later') {
        timer = setTimeout(run, outcome.error.retryAfterMs ?? RETRY_MS)
      }
    }
    return () => {
      stopped = true
      clearTimeout(timer)
    }
  }, [key])

  if (key === null) return { state: 'none' }
  return checked?.key === key ? { state: 'done', outcome: checked.outcome } : { state: 'checking' }
}
