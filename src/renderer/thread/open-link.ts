import i18next from 'i18next'
import { MAX_LINK_CHARS } from '#shared/text-limits.ts'
import { call } from '../ipc/bridge.ts'
import { openOverlay } from '../state/overlays.ts'
import { showToast } from '../ui/toast.tsx'

/** Opens a link of a message: an invite here, web and mail outside. */
export async function openLink(url: string): Promise<void> {
  if (/^sotto:/i.test(url)) return openOverlay({ kind: 'add-contact', link: url })
  if (url.length > MAX_LINK_CHARS) {
    return showToast({ tone: 'danger', text: i18next.t('thread:linkTooLong') })
  }
  const outcome = await call('links.openOutside', { url })
  if (!outcome.ok) showToast({ tone: 'danger', text: i18next.t('thread:linkRefused') })
}
