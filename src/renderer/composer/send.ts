import i18next from 'i18next'
import { call } from '../ipc/bridge.ts'
import { cancelReply, startReply, useComposer } from '../state/composer.ts'
import { addMessages, jumpToLatest, setUnreadDivider } from '../state/threads.ts'
import { showToast } from '../ui/toast.tsx'
import { currentDraft, flushDraft, setDraft } from './drafts.ts'

/** Sends what is written. The field is free at once; where sending fails, the text comes back to it. */
export async function sendDraft(conversationId: number): Promise<void> {
  const draft = currentDraft(conversationId)
  const text = draft.trim()
  if (text === '') return
  const reply = useComposer.getState().replies.get(conversationId)
  setDraft(conversationId, '')
  cancelReply(conversationId)
  const outcome = await call('messages.send', {
    conversationId,
    text,
    replyToSeq: reply?.seq ?? null,
  })
  if (outcome.ok) {
    addMessages([outcome.value])
    setUnreadDivider(conversationId, null)
    void flushDraft(conversationId)
    return jumpToLatest(conversationId)
  }
  const typedSince = currentDraft(conversationId)
  setDraft(conversationId, typedSince === '' ? draft : `${draft}\n${typedSince}`)
  // Where the message that was answered is what is missing, it would be missing again.
  if (reply !== undefined && outcome.error.code !== 'NOT_FOUND') startReply(reply)
  const reason = i18next.t(`errors:${outcome.error.code}`)
  showToast({ tone: 'danger', text: i18next.t('composer:notSent', { reason }) })
}
