import type { WebContents } from 'electron'
import { START_URL } from './app-scheme.ts'

/**
 * Keeps a page where it is: it cannot go elsewhere, load frames, open windows or attach webviews. A link that a
 * user clicks goes to `openOutside`, which opens only what is on its list.
 */
export function guardNavigation(contents: WebContents, openOutside: (url: string) => void): void {
  const stay = (event: { preventDefault(): void; readonly url: string }): void => {
    if (event.url !== START_URL) event.preventDefault()
  }
  contents.on('will-navigate', stay)
  contents.on('will-frame-navigate', stay)
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    openOutside(url)
    return { action: 'deny' }
  })
}
