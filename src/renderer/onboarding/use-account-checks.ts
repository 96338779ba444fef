import { call } from '../ipc/bridge.ts'
import { isAccountName } from './account-name.ts'
import { useLiveCheck, type LiveCheck } from './use-live-check.ts'

/** Asks the relay, while it is typed, whether it is there and whom it takes. */
export function useRelayCheck(relay: string): LiveCheck<'onboarding.checkRelay'> {
  const typed = relay.trim()
  return useLiveCheck(typed === '' ? null : typed, () =>
    call('onboarding.checkRelay', { relay: typed }),
  )
}

/** Asks the relay, once it has been found, whether the name is free. */
export function useNameCheck(
  relay: string,
  relayFound: boolean,
  name: string,
): LiveCheck<'onboarding.checkName'> {
  const typed = relay.trim()
  const ready = relayFound && isAccountName(name)
  return useLiveCheck(ready ? `${name}@${typed}` : null, () =>
    call('onboarding.checkName', { relay: typed, name }),
  )
}
