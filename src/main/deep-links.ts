import { app } from 'electron'
import { INVITE_LINK_SCHEME, looksLikeInviteLink } from '#protocol/invite-link.ts'

const MAX_LINK_CHARS = 2_000

/** Whether a text is a `sotto://` link of a sensible length. What it says is checked where it is used. */
export function isDeepLink(text: string): boolean {
  return text.length <= MAX_LINK_CHARS && looksLikeInviteLink(text)
}

/** Makes the installed app the one that opens `sotto://` links. In development there is nothing to register. */
export function registerDeepLinks(): void {
  if (app.isPackaged) app.setAsDefaultProtocolClient(INVITE_LINK_SCHEME)
}

/**
 * Keeps the link that was opened last until the page can take it: in the state of the first run while there is
 * no account, as an event once the page has shown its conversations.
 */
export class PendingLink {
  #link: string | null = null

  set(link: string): void {
    this.#link = link
  }

  peek(): string | null {
    return this.#link
  }

  take(): string | null {
    const link = this.#link
    this.#link = null
    return link
  }
}
