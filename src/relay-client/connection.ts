import type {
  Clock,
  ConnectionState,
  IncomingEnvelope,
  NetworkError,
  Random,
  RelayHost,
  RequestSigner,
  SubscriptionHandlers,
} from '#core/ports.ts'
import type { DeliveredEnvelope } from '#protocol/relay-frames.ts'
import type { Failure } from '#shared/errors.ts'
import type { Caller } from './caller.ts'
import type { Http } from './http.ts'

/** What the connections of one subscription share. */
export interface ConnectionParts {
  readonly http: Http
  readonly caller: Caller
  readonly clock: Clock
  readonly random: Random
  readonly host: RelayHost
  readonly signer: RequestSigner
}

/** To whom a connection reports. */
export interface ConnectionEvents extends Pick<SubscriptionHandlers, 'received' | 'drained'> {
  readonly online: (state: Extract<ConnectionState, { kind: 'online' }>) => void
}

export type OfflineFailure = Failure<NetworkError | 'UNAUTHORIZED' | 'ACCOUNT_UNKNOWN'>

export type ConnectionEnd =
  /** Something between here and the relay doesn't let WebSockets through. */
  | { readonly kind: 'blocked' }
  /** Ended on our own wish; a new connection may follow at once. */
  | { readonly kind: 'done' }
  /** The relay restarts, or asks to come back to another of its processes. */
  | { readonly kind: 'restarting' }
  | { readonly kind: 'failed'; readonly failure: OfflineFailure }

/** One way of receiving, until it ends. */
export interface Connection {
  /** Resolves when the connection has ended and no envelope of it is being handled any more. */
  run(): Promise<ConnectionEnd>
  /** Finds out soon whether the other side is still there. */
  check(): void
  close(): void
}

/** Narrows what a signed request can fail with. */
export function offlineFailure(failed: Failure): OfflineFailure {
  const { code } = failed
  switch (code) {
    case 'UNAUTHORIZED':
    case 'ACCOUNT_UNKNOWN':
    case 'RELAY_UNREACHABLE':
    case 'RELAY_INSECURE':
    case 'RELAY_NOT_SOTTO':
    case 'RELAY_BAD_ANSWER':
    case 'PROXY_UNREACHABLE':
    case 'RATE_LIMITED':
    case 'OVERLOADED':
    case 'CLOCK_SKEW':
    case 'CLIENT_TOO_OLD':
    case 'ACCOUNT_BLOCKED':
    case 'INTERNAL':
    case 'INVALID_INPUT':
    case 'CANCELLED':
      return { ...failed, code }
    default:
      return { code: 'RELAY_BAD_ANSWER', cause: failed }
  }
}

/** An envelope as the port has it. */
export function incoming(envelope: DeliveredEnvelope): IncomingEnvelope {
  return {
    relaySeq: envelope.sequence,
    envelopeId: envelope.id,
    label: envelope.label,
    envelope: envelope.body,
    relayedAtMs: envelope.receivedAtMs,
  }
}
