import { Link2, MessageCircle, UserPlus } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useErrorText } from '../i18n/use-error-text.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { openOverlay } from '../state/overlays.ts'
import { Button } from '../ui/button.tsx'
import { copyText } from '../ui/copy-text.ts'
import { EmptyState } from '../ui/empty-state.tsx'
import { showToast } from '../ui/toast.tsx'

/** The list before there is anybody in it, and the two ways to change that. */
export function NoConversations() {
  const { t } = useTranslation('conversations')
  const errorText = useErrorText()
  const createInvite = useIpcCall('account.createInvite')

  const copyInvite = async () => {
    const outcome = await createInvite.run(undefined)
    if (!outcome.ok) return showToast({ tone: 'danger', text: errorText(outcome.error.code) })
    if (await copyText(outcome.value.link)) showToast({ text: t('inviteCopied') })
  }

  return (
    <EmptyState
      icon={<MessageCircle />}
      title={t('empty')}
      actions={
        <>
          <Button
            variant="primary"
            icon={<UserPlus />}
            wide
            onClick={() => openOverlay({ kind: 'add-contact' })}
          >
            {t('addContact')}
          </Button>
          <Button icon={<Link2 />} wide busy={createInvite.pending} onClick={copyInvite}>
            {t('copyInvite')}
          </Button>
        </>
      }
    >
      {t('emptyHint')}
    </EmptyState>
  )
}
