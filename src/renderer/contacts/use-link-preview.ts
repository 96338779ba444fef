import { useEffect, useState } from 'react'
import type { CallOutcome } from '#ipc/contract.ts'
import { call } from '../ipc/bridge.ts'

type Preview = CallOutcome<'links.preview'>

/** Whether a text is meant as an invite link, complete or not, rather than an address. */
export function looksLikeLink(text: string): boolean {
  return /^\s*sotto:/i.test(text)
}

/** Whether a text has the form of an address. The main process has the last word. */
export function looksLikeAddress(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{1,31}@[a-z0-9[][^\s@/]*$/i.test(text.trim())
}

/** What an invite link says, read while it is typed or pasted; `null` where there is no link, or not yet. */
export function useLinkPreview(text: string): Preview | null {
  const link = looksLikeLink(text) ? text.trim() : null
  const [read, setRead] = useState<{ link: string; preview: Preview } | null>(null)

  useEffect(() => {
    if (link === null) return
    let stopped = false
    void call('links.preview', { link }).then((preview) => {
      if (!stopped) setRead({ link, preview })
    })
    return () => {
      stopped = true
    }
  }, [link])

  return link !== null && read?.link === link ? read.preview : null
}
