import type { Client } from '#core/client.ts'
import { hostOf, parseAddress } from '#protocol/address.ts'
import { failure } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import type { SettingsView } from '#shared/views.ts'
import type { RelayProbe } from '../relay-probe.ts'
import { declared, whileOpen, type HandlersOf } from './handlers.ts'
import { withoutUndefined } from './without-undefined.ts'

/** @param closedSettings - what holds while no profile is open. */
export function settingsHandlers(
  openClient: () => Client | null,
  closedSettings: () => SettingsView,
  probe: RelayProbe,
): HandlersOf<'settings' | 'network' | 'relays' | 'keys'> {
  return {
    ...whileOpen<'settings' | 'network' | 'relays' | 'keys'>(
      {
        'settings.get': (client) => ok(client.settings()),
        'settings.update': (client, change) => ok(client.updateSettings(withoutUndefined(change))),
        'network.getState': (client) => ok(client.connection()),
        'network.reconnect': (client) => ok(client.reconnectNow()),
        'network.testProxy': async (client, { proxy }) => {
          const own = parseAddress(client.account().address)
          if (own === null) return err(failure('INTERNAL'))
          return declared('network.testProxy', await probe.measure(hostOf(own), proxy))
        },
        'relays.listDistrusted': (client) => ok(client.distrustedRelays()),
        'relays.trustAgain': (client, { host }) => client.trustRelayAgain(host),
        'keys.getHealth': async (client) => ok(await client.keyHealth()),
      },
      openClient,
    ),
    'settings.get': () => ok(openClient()?.settings() ?? closedSettings()),
  }
}
