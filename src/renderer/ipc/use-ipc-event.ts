import { useEffect, useEffectEvent } from 'react'
import type { EventName, EventPayload } from '#ipc/contract.ts'
import { on } from './bridge.ts'

/** Listens to one event of the contract while the component is mounted. */
export function useIpcEvent<Name extends EventName>(
  name: Name,
  listener: (payload: EventPayload<Name>) => void,
): void {
  const latest = useEffectEvent(listener)
  useEffect(() => on(name, (payload) => latest(payload)), [name])
}
