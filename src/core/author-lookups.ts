import { equalPublicBytes } from '#shared/bytes.ts'
import type { Address } from '#protocol/address.ts'
import { acceptHandshake } from './accepting.ts'
import type { Context } from './context.ts'
import { letGo } from './held-envelopes.ts'
import { identityChanged } from './identity-change.ts'
import { lookUpSigningKey } from './identity-lookup.ts'
import type { JobOutcome } from './job.ts'
import type { HeldEnvelope } from './model.ts'
import { receiveHeld, type Followup } from './receiving.ts'

/**
 * Asks relays who the authors of held initial messages are, then takes those messages in. What comes from an
 * address that its relay gives another key for, or does not know, is dropped.
 */
export async function lookUpAuthors(
  context: Context,
  followUp: (followup: Followup) => void,
): Promise<JobOutcome> {
  let failed = false
  for (const [address, envelopes] of byAuthor(context)) {
    const lookup = await lookUpSigningKey(context, address)
    if (lookup.ok) {
      const confirmed = lookup.value
      const known = context.store.contacts.byAddress(address)
      if (known !== null && !equalPublicBytes(known.signingKey, confirmed)) {
        identityChanged(context, known, confirmed)
      }
      followUp(
        context.confirmedKeys.during(address, confirmed, () => receiveHeld(context, envelopes)),
      )
    } else if (lookup.error.code === 'ACCOUNT_UNKNOWN' || lookup.error.code === 'KEY_INVALID') {
      context.commit(() => {
        for (const envelope of envelopes) letGo(context, envelope)
      })
      context.log.warn('author.refused', { code: lookup.error.code })
    } else if (lookup.error.code !== 'RELAY_DISTRUSTED') {
      failed = true
    }
  }
  return failed ? { kind: 'failed' } : { kind: 'idle' }
}

/** Held envelopes by the address their handshake shows; those that wait for the user are left out. */
function byAuthor(context: Context): Map<Address, HeldEnvelope[]> {
  const { store } = context
  const authors = new Map<Address, HeldEnvelope[]>()
  for (const held of store.inbox.listHeld('pending')) {
    const contact = held.contactId === null ? null : store.contacts.get(held.contactId)
    if (contact && contact.changedSigningKey !== null) continue
    const handshake = acceptHandshake(context, held.envelope)
    if (!handshake.ok) {
      // Another one of the same session was taken in meanwhile: its session opens this one.
      receiveHeld(context, [held])
      continue
    }
    const { address } = handshake.value
    authors.set(address, [...(authors.get(address) ?? []), held])
  }
  return authors
}
