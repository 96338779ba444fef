import { useEffect } from 'react'
import type { CallError } from '#ipc/contract.ts'
import type { InviteView } from '#ipc/views.ts'
import { useState } from 'react'
import { useIpcCall } from '../ipc/use-ipc-call.ts'

export interface Invite {
  readonly invite: InviteView | null
  readonly pending: boolean
  readonly error: CallError<'account.createInvite'> | null
  /** Makes another link; the earlier ones stay valid. */
  readonly make: () => Promise<void>
}

/** An invite link, made when it is first shown. */
export function useInvite(): Invite {
  const [invite, setInvite] = useState<InviteView | null>(null)
  const { run, pending, error } = useIpcCall('account.createInvite')

  async function make(): Promise<void> {
    const outcome = await run(undefined)
    if (outcome.ok) setInvite(outcome.value)
  }

  useEffect(() => {
    let stopped = false
    void run(undefined).then((outcome) => {
      if (outcome.ok && !stopped) setInvite(outcome.value)
    })
    return () => {
      stopped = true
    }
  }, [run])

  return { invite, pending, error, make }
}
