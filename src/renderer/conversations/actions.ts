import i18next from 'i18next'
import type { CallInput } from '#ipc/contract.ts'
import type { ConversationView } from '#ipc/views.ts'
import { call } from '../ipc/bridge.ts'
import { mergeConversations } from '../state/conversations.ts'
import { confirm } from '../ui/confirm.tsx'
import { showToast } from '../ui/toast.tsx'

type Change = CallInput<'conversations.update'>['change']

/** Changes a conversation's marks. Resolves to whether it did; where that fails, says why. */
export async function updateConversation(conversationId: number, change: Change): Promise<boolean> {
  const outcome = await call('conversations.update', { conversationId, change })
  if (outcome.ok) mergeConversations([outcome.value])
  else showToast({ tone: 'danger', text: i18next.t(`errors:${outcome.error.code}`) })
  return outcome.ok
}

/** Moves a conversation to the archive or back, with a way to undo it. */
export async function setArchived({ id }: ConversationView, archived: boolean): Promise<void> {
  const done = await updateConversation(id, { archived })
  if (!done || !archived) return
  showToast({
    text: i18next.t('conversations:archivedToast'),
    action: {
      label: i18next.t('conversations:undo'),
      onSelect: () => void updateConversation(id, { archived: false }),
    },
  })
}

/** Mutes for some hours, for good (`null`), or no more (0). */
export function mute({ id }: ConversationView, hours: number | null): Promise<boolean> {
  const mutedUntilMs =
    hours === null ? Number.MAX_SAFE_INTEGER : hours === 0 ? 0 : Date.now() + hours * 3_600_000
  return updateConversation(id, { mutedUntilMs })
}

/** Marks everything as seen, or the conversation as one to come back to. */
export async function setUnread(
  { id, lastMessage }: ConversationView,
  unread: boolean,
): Promise<void> {
  await updateConversation(id, { markedUnread: unread })
  if (!unread && lastMessage !== null) {
    await call('conversations.markRead', { conversationId: id, seq: lastMessage.seq })
  }
}

/** Deletes a conversation's messages, after asking. */
export async function clearConversation({
  id,
  contact: { title },
}: ConversationView): Promise<void> {
  const yes = await confirm({
    title: i18next.t('conversations:clearTitle', { title }),
    body: i18next.t('conversations:clearBody', { title }),
    action: i18next.t('conversations:clearAction'),
    danger: true,
  })
  if (!yes) return
  const outcome = await call('conversations.clear', { conversationId: id })
  if (!outcome.ok) showToast({ tone: 'danger', text: i18next.t(`errors:${outcome.error.code}`) })
}

/** Removes a contact with everything written, after asking. */
export async function removeContact({ contact }: ConversationView): Promise<void> {
  const yes = await confirm({
    title: i18next.t('conversations:removeTitle', { title: contact.title }),
    body: i18next.t('conversations:removeBody'),
    action: i18next.t('conversations:removeAction'),
    danger: true,
  })
  if (!yes) return
  const outcome = await call('contacts.remove', { contactId: contact.id })
  if (!outcome.ok) showToast({ tone: 'danger', text: i18next.t(`errors:${outcome.error.code}`) })
}
