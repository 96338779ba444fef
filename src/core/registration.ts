import type { ErrorCode, Failure } from '#shared/errors.ts'
import { ok, type Result } from '#shared/result.ts'
import { hostOf } from '#protocol/address.ts'
import type { Context } from './context.ts'
import { ownDeviceList } from './own-device-list.ts'
import type { SettingsTable } from './ports.ts'
import { tellAllTokensAgain } from './token-upkeep.ts'
import { accountView } from './view-mapping.ts'

const INVITE_CODE = 'registration.inviteCode'
const DELETED = 'registration.deleted'

/** Keeps the invite code until the relay has confirmed the account. */
export function rememberInviteCode(settings: SettingsTable, code: string | null): void {
  settings.set(INVITE_CODE, code)
}

/**
 * Whether the user deletes the account at its relay: then it is not registered again. To be noted before the relay is
 * asked, since its stream may end before its answer is here.
 */
export function rememberDeletion(settings: SettingsTable, isDeleted: boolean): void {
  settings.set(DELETED, isDeleted)
}

/**
 * The relay does not know the account, though it has confirmed it: it was restored from a backup that is older. @returns
 * whether it is to be registered again.
 */
export function registerAnew(context: Context): boolean {
  const { store } = context
  const account = context.account()
  if (!account.registered || store.settings.get(DELETED) === true) return false
  context.log.warn('account.lost-by-relay')
  context.commit(() => {
    store.account.save({ ...account, registered: false })
    tellAllTokensAgain(context)
  })
  return true
}

/** Registers the account at its relay. Repeating it with the same key does no harm. */
export async function registerAccount(context: Context): Promise<Result<void, Failure<ErrorCode>>> {
  const { store, relay } = context
  const account = context.account()
  const code = store.settings.get(INVITE_CODE)
  const registered = await relay.register(
    hostOf(account.address),
    context.signer(),
    { certificate: account.deviceCertificate, deviceList: ownDeviceList(context) },
    typeof code === 'string' ? code : null,
  )
  if (!registered.ok) return registered
  context.commit(() => {
    store.account.save({ ...context.account(), registered: true })
    rememberInviteCode(store.settings, null)
  })
  context.events.emit('account.changed', accountView(context.account()))
  return ok(undefined)
}
