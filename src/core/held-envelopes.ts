import type { Context } from './context.ts'
import { envelopeHash } from './envelope-hash.ts'
import type { ContactId, HeldEnvelope } from './model.ts'

/** Gives up a held envelope that was not taken in: when its sender deposits it again, it is judged anew. */
export function letGo({ store }: Context, { envelopeId, envelope }: HeldEnvelope): void {
  store.inbox.release(envelopeId)
  store.inbox.forgetSeen(envelopeHash(envelope))
}

/** Gives up what waits for a contact's new keys to be looked at. */
export function letGoPending(context: Context, contactId: ContactId): void {
  for (const held of context.store.inbox.listHeld('pending', contactId)) letGo(context, held)
}
