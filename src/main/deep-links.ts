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
