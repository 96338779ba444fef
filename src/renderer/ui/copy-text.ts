import i18next from 'i18next'
import { call } from '../ipc/bridge.ts'
import { showToast } from './toast.tsx'

/** Puts a text on the clipboard. Resolves to whether it is there; where that fails, says why. */
export async function copyText(text: string): Promise<boolean> {
  const outcome = await call('clipboard.writeText', { text })
  if (!outcome.ok) showToast({ tone: 'danger', text: i18next.t(`errors:${outcome.error.code}`) })
  return outcome.ok
}
