import i18next from 'i18next'
import type { MessageView } from '#ipc/views.ts'
import { call } from '../ipc/bridge.ts'
import { changeMessages } from '../state/threads.ts'
import { confirm } from '../ui/confirm.tsx'
import { copyText } from '../ui/copy-text.ts'
import { showToast } from '../ui/toast.tsx'

/** Puts a message's text on the clipboard, or what is selected of it. */
export async function copyMessage({ seq, text }: MessageView): Promise<void> {
  if (await copyText(selectedIn(seq) || text)) showToast({ text: i18next.t('thread:copied') })
}

/** Puts a link of a message on the clipboard. */
export async function copyLink(url: string): Promise<void> {
  if (await copyText(url)) showToast({ text: i18next.t('thread:linkCopied') })
}

/** Deletes a message on this computer, after asking. */
export async function removeMessage({ seq }: MessageView): Promise<void> {
  const yes = await confirm({
    title: i18next.t('thread:removeTitle'),
    body: i18next.t('thread:removeBody'),
    action: i18next.t('thread:removeAction'),
    danger: true,
  })
  if (!yes) return
  const outcome = await call('messages.remove', { seq })
  if (!outcome.ok) showToast({ tone: 'danger', text: i18next.t(`errors:${outcome.error.code}`) })
}

/** Sends a failed message again. */
export async function retryMessage({ seq }: MessageView): Promise<void> {
  const outcome = await call('messages.retry', { seq })
  if (outcome.ok) changeMessages([outcome.value])
  else showToast({ tone: 'danger', text: i18next.t(`errors:${outcome.error.code}`) })
}

/** What is selected inside one message, if the selection begins there. */
function selectedIn(seq: number): string {
  const selection = getSelection()
  const row = selection?.anchorNode?.parentElement?.closest<HTMLElement>('[data-seq]')
  return row?.dataset['seq'] === String(seq) ? (selection?.toString() ?? '') : ''
}
