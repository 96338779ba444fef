import { useState } from 'react'
import type { CallError } from '#ipc/contract.ts'
import type { LocalRelayNetwork, LocalRelayView } from '#ipc/views.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { useIpcEvent } from '../ipc/use-ipc-event.ts'
import { useIpcValue } from '../ipc/use-ipc-value.ts'

export interface LocalRelayControl {
  /** `null` until the main process has said how it stands. */
  readonly relay: LocalRelayView | null
  readonly pending: boolean
  readonly errorCode: CallError<'localRelay.start' | 'localRelay.stop'> | null
  /** @returns what stands after the `@` in its accounts' addresses; `null` where it did not start. */
  readonly start: (network: LocalRelayNetwork) => Promise<string | null>
  readonly stop: () => Promise<void>
}

/** The relay that the app runs itself. */
export function useLocalRelay(): LocalRelayControl {
  const { value } = useIpcValue('localRelay.get')
  const [changed, setChanged] = useState<LocalRelayView | null>(null)
  const starting = useIpcCall('localRelay.start')
  const stopping = useIpcCall('localRelay.stop')
  useIpcEvent('localRelay.changed', setChanged)
  return {
    relay: changed ?? value,
    pending: starting.pending || stopping.pending,
    errorCode: starting.error ?? stopping.error,
    start: async (network) => {
      const outcome = await starting.run({ network })
      return outcome.ok ? outcome.value.host : null
    },
    stop: async () => void (await stopping.run(undefined)),
  }
}
