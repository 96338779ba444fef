import { encodeBase64Url } from '#shared/bytes.ts'
import type { RelayTrustView } from '#shared/views.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { RelayHost } from './ports.ts'
import type { Distrust, SignedHead } from './relay-log-ports.ts'

/** The relays that are not trusted, for the user to look at. */
export function relayTrustViews(context: Context): RelayTrustView[] {
  const own = hostOf(context.account().address)
  return context.store.relayLogs.list().flatMap(({ host, distrust }) =>
    distrust === null
      ? []
      : [
          {
            host,
            isOwn: host === own,
            reason: distrust.reason,
            sinceMs: distrust.atMs,
            evidence: evidenceText(host, distrust),
          },
        ],
  )
}

/** The signed statements that do not fit together, as text to copy: whoever runs or uses the relay can check them. */
function evidenceText(host: RelayHost, { reason, atMs, evidence }: Distrust): string {
  const head = (value: SignedHead | null) =>
    value && { key: encodeBase64Url(value.key), checkpoint: encodeBase64Url(value.checkpoint) }
  const { known, seen } = evidence
  const time = new Date(atMs).toISOString()
  return JSON.stringify(
    { relay: host, reason, time, known: head(known), seen: head(seen) },
    null,
    2,
  )
}

/** Our relay and those of the people we write to: not one that a stranger has named. */
export function hostsOfOurs(context: Context): Set<RelayHost> {
  const contacts = context.store.contacts
    .list()
    .filter(({ relation }) => relation === 'accepted' || relation === 'request-out')
  return new Set([context.account(), ...contacts].map(({ address }) => hostOf(address)))
}

/**
 * The user has looked at what a relay did and goes on with it: what it showed so far is forgotten, and what it shows next
 * is taken as at first contact. What it does wrong then is found again.
 */
export function trustRelayAgain(context: Context, host: RelayHost): void {
  forgetRelay(context, host)
}

/** Forgets what a relay has shown, and that it is not trusted. */
export function forgetRelay(context: Context, host: RelayHost): void {
  context.commit(() => context.store.relayLogs.forget(host))
  context.events.emit('relays.changed', relayTrustViews(context))
}
