import type { Client } from '#core/client.ts'
import type { ErrorCode, Failure } from '#shared/errors.ts'
import type { Result } from '#shared/result.ts'
import type { SettingsView } from '#shared/views.ts'
import type { AccountWish } from '../profile-files.ts'
import type { LocalRelay } from '../local-relay/local-relay.ts'
import type { ProfilePhase } from '../profile-phase.ts'
import type { RelayProbe } from '../relay-probe.ts'
import { localRelayHandlers } from './handlers-local-relay.ts'
import { accountHandlers } from './handlers-account.ts'
import { appHandlers } from './handlers-app.ts'
import { contactHandlers } from './handlers-contacts.ts'
import { conversationHandlers, messageHandlers } from './handlers-messages.ts'
import { settingsHandlers } from './handlers-settings.ts'
import { systemHandlers, type SystemActions } from './handlers-system.ts'
import { whileOpen, type Handlers } from './handlers.ts'

interface HandlerParts extends SystemActions {
  readonly phase: ProfilePhase<Client, AccountWish, ErrorCode>
  readonly probe: RelayProbe
  readonly localRelay: LocalRelay
  /** The settings while no profile is open. */
  readonly closedSettings: () => SettingsView
  /** Deletes the account and brings the app back to its first run. */
  readonly deleteAccount: (client: Client, address: string) => Promise<Result<void, Failure>>
}

/** The handlers of all calls; one that is missing does not compile. */
export function allHandlers(parts: HandlerParts): Handlers {
  const { phase, probe } = parts
  const openClient = (): Client | null => phase.client()
  return {
    ...appHandlers(phase, probe),
    ...localRelayHandlers(parts.localRelay),
    ...accountHandlers(openClient, parts.deleteAccount),
    ...whileOpen<'contacts'>(contactHandlers, openClient),
    ...whileOpen<'conversations'>(conversationHandlers, openClient),
    ...whileOpen<'messages'>(messageHandlers, openClient),
    ...settingsHandlers(openClient, parts.closedSettings, probe),
    ...systemHandlers(openClient, parts),
  }
}
