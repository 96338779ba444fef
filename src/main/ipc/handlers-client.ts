import { CLIENT_CALLS, type ClientCallName } from '#calls/client-calls.ts'
import type { Client } from '#core/client.ts'
import { previewLink } from '#core/invites.ts'
import type { Failure } from '#shared/errors.ts'
import { ok, type Result } from '#shared/result.ts'
import type { SettingsView } from '#shared/views.ts'
import type { RelayProbe } from '../relay-probe.ts'
import { whileOpen, type Handlers } from './handlers.ts'

export interface ClientActions {
  readonly probe: RelayProbe
  /** The settings while no profile is open. */
  readonly closedSettings: () => SettingsView
  /** Deletes the account and brings the app back to its first run. */
  readonly deleteAccount: (client: Client, address: string) => Promise<Result<void, Failure>>
}

/** The calls that work on the open profile; two of them have an answer while none is open. */
export function clientHandlers(
  openClient: () => Client | null,
  { probe, closedSettings, deleteAccount }: ClientActions,
): Pick<Handlers, ClientCallName | 'network.testProxy'> {
  return {
    ...whileOpen<ClientCallName | 'network.testProxy'>(
      {
        ...CLIENT_CALLS,
        'account.delete': (client, { address }) => deleteAccount(client, address),
        'network.testProxy': (client, { proxy }) => probe.measure(client.relayHost(), proxy),
      },
      openClient,
    ),
    'links.preview': ({ link }) => previewLink(link, openClient()?.account().address ?? null),
    'settings.get': () => ok(openClient()?.settings() ?? closedSettings()),
  }
}
