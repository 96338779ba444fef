import type { Client } from '#core/client.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { declared, whileOpen, type HandlersOf } from './handlers.ts'

/** @param deleteAccount - deletes it and brings the app back to its first run. */
export function accountHandlers(
  openClient: () => Client | null,
  deleteAccount: (client: Client, address: string) => Promise<Result<void, Failure>>,
): HandlersOf<'account'> {
  return whileOpen<'account'>(
    {
      'account.get': (client) => ok(client.account()),
      'account.updateProfile': (client, { displayName }) => ok(client.updateProfile(displayName)),
      'account.createInvite': async (client) =>
        declared('account.createInvite', await client.createInvite()),
      'account.delete': async (client, { address }) =>
        client.account().address === address.trim().toLowerCase()
          ? declared('account.delete', await deleteAccount(client, address))
          : err(failure('ADDRESS_INVALID')),
    },
    openClient,
  )
}
