import { APP_ORIGIN } from '../security/app-scheme.ts'
import type { Caller } from './handlers.ts'

/** What of Electron's event says who sent a message. */
export interface SenderEvent {
  /** `null` after the frame has navigated or gone; reading it can throw then. */
  readonly senderFrame: { readonly origin: string; readonly parent: unknown } | null
  readonly sender: { readonly id: number }
}

/**
 * Tells who calls, where it is our own page: the main frame of a window of ours, at our own origin.
 * @returns `null` for everyone else.
 */
export function trustedCaller(
  event: SenderEvent,
  isOurWindow: (webContentsId: number) => boolean,
): Caller | null {
  try {
    const frame = event.senderFrame
    if (frame === null || frame.parent !== null || frame.origin !== APP_ORIGIN) return null
    const webContentsId = event.sender.id
    return isOurWindow(webContentsId) ? { webContentsId } : null
  } catch {
    return null
  }
}
