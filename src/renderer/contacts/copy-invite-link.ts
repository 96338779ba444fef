import type { TFunction } from 'i18next'
import { formatDate } from '../i18n/format.ts'
import { call } from '../ipc/bridge.ts'
import { copyText } from '../ui/copy-text.ts'
import { showToast } from '../ui/toast.tsx'

/** Makes an invite link, puts it on the clipboard and says so; where that fails, says why. */
export async function copyInviteLink(
  t: TFunction<['contacts', 'errors']>,
  language: string,
): Promise<void> {
  const made = await call('account.createInvite', undefined)
  if (!made.ok) {
    showToast({ text: t(`errors:${made.error.code}`), tone: 'danger' })
    return
  }
  const { link, expiresAtMs } = made.value
  if (!(await copyText(link))) return
  showToast({ text: t('mine.copiedToast', { date: formatDate(language, expiresAtMs) }) })
}
