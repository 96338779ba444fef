import type { CallError } from '#ipc/contract.ts'
import { call } from '../ipc/bridge.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { openConversation } from '../state/navigation.ts'
import { openOverlay } from '../state/overlays.ts'
import type { AccountDraft } from './account-draft.ts'

type CreateError = CallError<'onboarding.createAccount'>

/** Creates the account of a draft; whoever sent the invite is added right after. */
export function useCreateAccount(): {
  readonly create: (draft: AccountDraft, passphrase: string | null) => Promise<CreateError | null>
  readonly pending: boolean
  readonly errorCode: CreateError | null
  readonly clearError: () => void
} {
  const { run, pending, error, clearError } = useIpcCall('onboarding.createAccount')

  async function create(
    draft: AccountDraft,
    passphrase: string | null,
  ): Promise<CreateError | null> {
    const inviteCode = draft.inviteCode.trim()
    const outcome = await run({
      relay: draft.relay.trim(),
      name: draft.name,
      displayName: draft.displayName.trim(),
      inviteCode: inviteCode === '' ? null : inviteCode,
      passphrase,
    })
    if (!outcome.ok) return outcome.error.code
    if (draft.invite !== null) await addInviter(draft.invite.link)
    return null
  }

  return { create, pending, errorCode: error, clearError }
}

/** By now the main window is shown: where adding fails, its dialog says why and offers another try. */
async function addInviter(link: string): Promise<void> {
  const added = await call('contacts.add', { linkOrAddress: link })
  if (added.ok) openConversation(added.value.conversationId)
  else openOverlay({ kind: 'add-contact', link })
}
