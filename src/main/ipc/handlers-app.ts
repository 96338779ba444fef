import type { AccountWish } from '../profile-files.ts'
import type { ProfilePhase } from '../profile-phase.ts'
import type { RelayProbe } from '../relay-probe.ts'
import type { Client } from '#core/client.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { ok } from '#shared/result.ts'
import { declared, type HandlersOf } from './handlers.ts'

/** What exists before there is an account: the phases, and looking at relays. */
export function appHandlers(
  phase: ProfilePhase<Client, AccountWish, ErrorCode>,
  probe: RelayProbe,
): HandlersOf<'app' | 'onboarding'> {
  return {
    'app.getState': () => ok(phase.state()),
    'app.retry': async () => ok(await phase.open()),
    'app.unlockVault': ({ passphrase }) => phase.unlock(passphrase),
    'onboarding.checkRelay': async ({ relay }) =>
      declared('onboarding.checkRelay', await probe.check(relay)),
    'onboarding.checkName': async ({ relay, name }) =>
      declared('onboarding.checkName', await probe.checkName(relay, name)),
    'onboarding.createAccount': async (account) =>
      declared('onboarding.createAccount', await phase.create(account)),
  }
}
