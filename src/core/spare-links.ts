import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import type { Context } from './context.ts'
import type { Contact, ContactId } from './model.ts'
import { enqueue } from './outbox.ts'

// Who removes a contact withdraws its token, and the contact does not learn of it. A link that they give it later is kept
// beside that token until it shows whether the token is still good (PROTOCOL §17).

/** Keeps the token of a link from a contact whose own token we have, and tries the latter. */
export function keepSpareLink(context: Context, contact: Contact, token: Uint8Array): void {
  context.commit(() => {
    context.store.settings.set(settingOf(contact.id), encodeBase64Url(token))
    enqueue(context, contact, { sentAtMs: context.clock.nowMs() })
  })
}

/**
 * Uses the link, if one is kept, where the contact's own token is refused: with a new session, as they have forgotten the
 * old one, in which all that waits is sealed anew.
 * @returns whether there was one.
 */
export function useSpareLink(context: Context, { id }: Contact): boolean {
  const { store } = context
  const stored = store.settings.get(settingOf(id))
  const token = typeof stored === 'string' ? decodeBase64Url(stored) : null
  if (token === null) return false
  context.commit(() => {
    forgetSpareLink(context, id)
    context.sessions.removeAll(id)
    store.outbox.clearEnvelopes(id)
    store.contacts.update(id, {
      outboundToken: token,
      outboundTokenKind: 'invite',
      inboundTokenGranted: false,
    })
  })
  return true
}

/** The contact's own token is taken, or the contact is not what it was. */
export function forgetSpareLink({ store }: Context, id: ContactId): void {
  const name = settingOf(id)
  if (typeof store.settings.get(name) === 'string') store.settings.set(name, null)
}

function settingOf(id: ContactId): string {
  return `contacts.spareLink.${String(id)}`
}
