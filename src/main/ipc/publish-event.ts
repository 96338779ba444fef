import * as v from 'valibot'
import type { DeepReadonly } from '#calls/call-result.ts'
import type { Log } from '#core/ports.ts'
import { EVENTS, type EventName, type EventPayload } from '#ipc/contract.ts'
import { EVENT_CHANNEL } from '#ipc/names.ts'
import { issuePath } from './answer-call.ts'

/** A page that can be told something. */
export interface EventTarget {
  send(channel: string, ...values: readonly unknown[]): void
}

/** Tells every page of ours; the payload is checked against the contract like an output. */
export type PublishEvent = <Name extends EventName>(
  name: Name,
  payload: DeepReadonly<EventPayload<Name>>,
) => void

/** Makes the one function that sends events to pages. */
export function eventPublisher(targets: () => readonly EventTarget[], log: Log): PublishEvent {
  return (name, payload) => {
    const checked = v.safeParse(EVENTS[name], payload)
    if (!checked.success) {
      log.warn(`ipc-event-refused ${name} ${issuePath(checked.issues[0])}`)
      return
    }
    for (const target of targets()) target.send(EVENT_CHANNEL, name, checked.output)
  }
}
