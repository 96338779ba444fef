import type { Client } from '#core/client.ts'
import type { ErrorCode } from '#shared/errors.ts'
import type { AccountWish } from '../profile-files.ts'
import type { LocalRelay } from '../local-relay/local-relay.ts'
import type { ProfilePhase } from '../profile-phase.ts'
import { appHandlers } from './handlers-app.ts'
import { clientHandlers, type ClientActions } from './handlers-client.ts'
import { localRelayHandlers } from './handlers-local-relay.ts'
import { systemHandlers, type SystemActions } from './handlers-system.ts'
import type { Handlers } from './handlers.ts'

interface HandlerParts extends ClientActions, SystemActions {
  readonly phase: ProfilePhase<Client, AccountWish, ErrorCode>
  readonly localRelay: LocalRelay
}

/** The handlers of all calls; one that is missing does not compile. */
export function allHandlers(parts: HandlerParts): Handlers {
  const { phase, probe } = parts
  const openClient = (): Client | null => phase.client()
  return {
    ...appHandlers(phase, probe),
    ...localRelayHandlers(parts.localRelay),
    ...clientHandlers(openClient, parts),
    ...systemHandlers(openClient, parts),
  }
}
