import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConversationView } from '#ipc/views.ts'
import { useIpcCall } from '../ipc/use-ipc-call.ts'
import { compareConversations, useConversations } from '../state/conversations.ts'
import { openConversation } from '../state/navigation.ts'
import { confirm } from '../ui/confirm.tsx'
import { showToast } from '../ui/toast.tsx'

/** The conversations that are requests of others, the latest first. */
export function useRequests(): readonly ConversationView[] {
  const byId = useConversations((state) => state.byId)
  return useMemo(
    () =>
      [...byId.values()]
        .filter(({ contact }) => contact.relation === 'request-in')
        .sort(compareConversations),
    [byId],
  )
}

/** What can be done about a request. */
export function useRequestActions({ contact, id }: ConversationView) {
  const { t } = useTranslation(['contacts', 'errors'])
  const accepting = useIpcCall('contacts.accept')
  const blocking = useIpcCall('contacts.block')
  const removing = useIpcCall('contacts.remove')
  const contactId = contact.id
  const name = contact.title

  async function accept(): Promise<void> {
    const outcome = await accepting.run({ contactId })
    if (!outcome.ok) return
    openConversation(id)
    showToast({ text: t('requests.accepted', { name }) })
  }

  async function block(): Promise<void> {
    const sure = await confirm({
      title: t('requests.blockTitle', { name }),
      body: t('requests.blockText'),
      action: t('requests.block'),
      danger: true,
    })
    if (!sure) return
    const outcome = await blocking.run({ contactId })
    if (outcome.ok) showToast({ text: t('requests.blocked', { name }) })
  }

  async function remove(): Promise<void> {
    const sure = await confirm({
      title: t('requests.deleteTitle'),
      body: t('requests.deleteText', { name }),
      action: t('requests.delete'),
      danger: true,
    })
    if (!sure) return
    const outcome = await removing.run({ contactId })
    if (outcome.ok) showToast({ text: t('requests.deleted') })
  }

  return {
    accept,
    block,
    remove,
    pending: accepting.pending || blocking.pending || removing.pending,
    errorCode: accepting.error ?? blocking.error ?? removing.error,
  }
}
