import { equalPublicBytes } from '#shared/bytes.ts'
import type { Context } from './context.ts'
import { addNotice, conversationOf } from './notices.ts'
import type { Contact } from './model.ts'

/**
 * Notes that a contact's address has another signing key now. Sending stops until the user has looked at it; the
 * pinned key stays until then.
 */
export function identityChanged(context: Context, contact: Contact, signingKey: Uint8Array): void {
  if (contact.changedSigningKey && equalPublicBytes(contact.changedSigningKey, signingKey)) return
  context.commit((changes) => {
    context.store.contacts.update(contact.id, { changedSigningKey: signingKey })
    addNotice(context, contact, 'identity-changed')
    changes.conversation(conversationOf(context, contact).id)
  })
}
