// What happened in a run, and what of it must not have happened.

/** Times in milliseconds of one clock. */
export type HistoryEvent =
  /** A sender tried for the first time; it repeats under the same id until it is acknowledged. */
  | {
      readonly kind: 'offered'
      readonly id: string
      readonly sender: string
      readonly receiver: string
      readonly atMs: number
    }
  | { readonly kind: 'acknowledged'; readonly id: string; readonly atMs: number }
  /** An envelope reached a device, perhaps again. */
  | {
      readonly kind: 'delivered'
      readonly id: string
      readonly receiver: string
      readonly atMs: number
    }
  /** The device showed it to its user. */
  | {
      readonly kind: 'shown'
      readonly id: string
      readonly receiver: string
      readonly atMs: number
    }
  /** A request (repeated under its key until answered) got a one-time key. */
  | {
      readonly kind: 'prekey-taken'
      readonly owner: string
      readonly prekey: number
      readonly request: string
      readonly atMs: number
    }
  /** From here to `restored` no standby has anything, so that nothing offered meanwhile may be acknowledged. */
  | { readonly kind: 'unreplicated'; readonly atMs: number }
  | { readonly kind: 'restored'; readonly atMs: number }
  /** Something was broken (or repaired): from here on, service must be back in time. */
  | { readonly kind: 'fault'; readonly what: string; readonly atMs: number }
  | { readonly kind: 'ended'; readonly atMs: number }

type Of<Kind extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: Kind }>

function only<Kind extends HistoryEvent['kind']>(
  history: readonly HistoryEvent[],
  kind: Kind,
): readonly Of<Kind>[] {
  return history.filter((event): event is Of<Kind> => event.kind === kind)
}

function firstById<Event extends { readonly id: string }>(
  events: readonly Event[],
): ReadonlyMap<string, Event> {
  const first = new Map<string, Event>()
  for (const event of events) if (!first.has(event.id)) first.set(event.id, event)
  return first
}

function checkDelivery(history: readonly HistoryEvent[]): string[] {
  const offered = firstById(only(history, 'offered'))
  const delivered = firstById(only(history, 'delivered'))
  const shown = new Set<string>()
  const wrong: string[] = []
  for (const { id } of only(history, 'acknowledged')) {
    if (!offered.has(id)) wrong.push(`${id} was acknowledged but never offered`)
    if (!delivered.has(id)) wrong.push(`${id} was acknowledged and is lost`)
  }
  for (const { id, receiver } of only(history, 'delivered')) {
    const origin = offered.get(id)
    if (origin === undefined) wrong.push(`${id} was delivered but never offered`)
    else if (origin.receiver !== receiver) wrong.push(`${id} reached ${receiver}, not its receiver`)
  }
  for (const { id } of only(history, 'shown')) {
    if (shown.has(id)) wrong.push(`${id} was shown twice`)
    shown.add(id)
  }
  for (const id of delivered.keys()) if (!shown.has(id)) wrong.push(`${id} was never shown`)
  return wrong
}

/** What one sender has acknowledged to it, one after the other, is shown in that order. */
function checkOrder(history: readonly HistoryEvent[]): string[] {
  const offered = firstById(only(history, 'offered'))
  const position = new Map(only(history, 'shown').map(({ id }, index) => [id, index]))
  const last = new Map<string, { readonly id: string; readonly position: number }>()
  const wrong: string[] = []
  for (const { id } of only(history, 'acknowledged')) {
    const origin = offered.get(id)
    const here = position.get(id)
    if (origin === undefined || here === undefined) continue
    const conversation = `${origin.sender} ${origin.receiver}`
    const before = last.get(conversation)
    if (before !== undefined && before.position > here) {
      wrong.push(`${id} was shown before ${before.id}, which was acknowledged earlier`)
    }
    last.set(conversation, { id, position: here })
  }
  return wrong
}

function checkPrekeys(history: readonly HistoryEvent[]): string[] {
  const takers = new Map<string, string>()
  const wrong: string[] = []
  for (const { owner, prekey, request } of only(history, 'prekey-taken')) {
    const key = `${owner} ${prekey}`
    const taker = takers.get(key) ?? request
    if (taker !== request) wrong.push(`prekey ${prekey} of ${owner} was given to two requests`)
    takers.set(key, taker)
  }
  return wrong
}

function checkReplication(history: readonly HistoryEvent[]): string[] {
  const acknowledged = firstById(only(history, 'acknowledged'))
  const ends = only(history, 'restored')
  const wrong: string[] = []
  for (const { atMs: fromMs } of only(history, 'unreplicated')) {
    const toMs = ends.find(({ atMs }) => atMs >= fromMs)?.atMs ?? Infinity
    for (const { id, atMs } of only(history, 'offered')) {
      const answer = acknowledged.get(id)
      if (atMs >= fromMs && answer !== undefined && answer.atMs < toMs) {
        wrong.push(`${id} was acknowledged while only one server could have it`)
      }
    }
  }
  return wrong
}

function checkService(history: readonly HistoryEvent[], withinMs: number): string[] {
  const endMs = only(history, 'ended')[0]?.atMs ?? Infinity
  const wrong: string[] = []
  const offered = firstById(only(history, 'offered'))
  const delivered = firstById(only(history, 'delivered'))
  for (const { what, atMs: fromMs } of only(history, 'fault')) {
    const dueMs = fromMs + withinMs
    if (dueMs > endMs) wrong.push(`the run ended before service was due after: ${what}`)
    // Taken, acknowledged and delivered, all since the fault.
    const served = only(history, 'acknowledged').some(({ id, atMs }) => {
      const since = (offered.get(id)?.atMs ?? 0) >= fromMs && atMs <= dueMs
      return since && (delivered.get(id)?.atMs ?? Infinity) <= dueMs
    })
    if (!served) wrong.push(`there was no service within ${withinMs} ms after: ${what}`)
  }
  return wrong
}

/**
 * Checks a history in the order of its events.
 * @param serviceWithinMs - how soon after each fault something offered must be acknowledged and delivered again.
 * @returns one sentence for each thing that must not have happened.
 */
export function checkHistory(
  history: readonly HistoryEvent[],
  serviceWithinMs: number,
): readonly string[] {
  return [
    ...checkDelivery(history),
    ...checkOrder(history),
    ...checkPrekeys(history),
    ...checkReplication(history),
    ...checkService(history, serviceWithinMs),
  ]
}
