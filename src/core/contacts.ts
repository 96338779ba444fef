import { fingerprint } from '#crypto/identity.ts'
import { encodeSafetyQr, safetyNumber, verifySafetyQr } from '#crypto/safety-number.ts'
import { decodeBase64Url, encodeBase64Url, encodeHex, equalPublicBytes } from '#shared/bytes.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { ContactView, SafetyNumberView } from '#shared/views.ts'
import { parseAddress } from '#protocol/address.ts'
import { decodeInviteLink, looksLikeInviteLink } from '#protocol/invite-link.ts'
import { acceptRequest } from './accepting-request.ts'
import { addContact, freshToken } from './contact-creation.ts'
import type { Context } from './context.ts'
import { storedSigningKey } from './device-keys.ts'
import { letGoPending } from './held-envelopes.ts'
import { identityChanged } from './identity-change.ts'
import { lookUpSigningKey } from './identity-lookup.ts'
import { withdrawInvitesOf } from './invites.ts'
import type { Contact, ContactId } from './model.ts'
import { addNotice, conversationOf } from './notices.ts'
import { receiveHeld, type Followup } from './receiving.ts'
import { relayTrustViews } from './relay-trust.ts'
import { forgetSpareLink, keepSpareLink } from './spare-links.ts'
import { revokeToken } from './token-upkeep.ts'
import { askForUntaken } from './untaken-texts.ts'
import { contactView } from './view-mapping.ts'

const QR_PREFIX = 'sotto-safety:'

export function viewOf(context: Context, contact: Contact): ContactView {
  return contactView(contact, conversationOf(context, contact).id)
}

type Unknown = Failure<'CONTACT_UNKNOWN'>

function find(context: Context, id: ContactId): Result<Contact, Unknown> {
  const contact = context.store.contacts.get(id)
  return contact === null ? err(failure('CONTACT_UNKNOWN')) : ok(contact)
}

/** Changes a contact and tells the shell; `work` runs in the same transaction. */
function change(
  context: Context,
  id: ContactId,
  work: (contact: Contact) => Partial<Omit<Contact, 'id' | 'address'>>,
): Result<ContactView, Unknown> {
  const found = find(context, id)
  if (!found.ok) return found
  return context.commit((changes) => {
    const changed = context.store.contacts.update(id, work(found.value))
    changes.conversation(conversationOf(context, changed).id)
    return ok(viewOf(context, changed))
  })
}

/**
 * Adds a contact by invite link (verified at once: the link carries the fingerprint; no request) or by address (asked:
 * the other side sees a request). Adding one that is there already gives that one; a link verifies it, and helps where they
 * have removed us since.
 */
export async function addByLinkOrAddress(
  context: Context,
  linkOrAddress: string,
): Promise<Result<ContactView, Failure<ErrorCode>>> {
  const link = looksLikeInviteLink(linkOrAddress) ? decodeInviteLink(linkOrAddress) : null
  if (looksLikeInviteLink(linkOrAddress) && link === null) return err(failure('LINK_INVALID'))
  const address = link?.address ?? parseAddress(linkOrAddress)
  if (address === null) return err(failure('ADDRESS_INVALID'))
  if (address === context.account().address) {
    return err(failure(link ? 'LINK_OWN' : 'CONTACT_OWN_ADDRESS'))
  }
  const looked = await lookUpSigningKey(context, address)
  if (!looked.ok) {
    // It is the user who has named this relay, though nobody there is a contact yet.
    if (looked.error.code === 'RELAY_DISTRUSTED') {
      context.events.emit('relays.changed', relayTrustViews(context))
    }
    return looked
  }
  const signingKey = looked.value
  if (link !== null && !equalPublicBytes(fingerprint(signingKey), link.fingerprint)) {
    // The relay shows other keys than the person who made the link has: someone is in between.
    return err(failure('CONTACT_IDENTITY_CHANGED'))
  }
  return context.commit((changes) => {
    const known = context.store.contacts.byAddress(address)
    if (known === null) {
      const contact = addContact(context, {
        address,
        signingKey,
        relation: link ? 'accepted' : 'request-out',
        verified: link !== null,
        ...(link && { inviteToken: link.token }),
      })
      addNotice(context, contact, 'contact-added')
      return ok(viewOf(context, contact))
    }
    if (!equalPublicBytes(known.signingKey, signingKey)) {
      identityChanged(context, known, signingKey)
      return err(failure('CONTACT_IDENTITY_CHANGED'))
    }
    if (known.relation === 'request-in') acceptRequest(context, known)
    const updated = context.store.contacts.update(known.id, {
      ...(link && known.verifiedAtMs === null && { verifiedAtMs: context.clock.nowMs() }),
      ...(link &&
        known.outboundToken === null && {
          outboundToken: link.token,
          outboundTokenKind: 'invite' as const,
        }),
      ...(link && known.relation === 'request-out' && { relation: 'accepted' as const }),
    })
    if (link && known.relation === 'accepted' && known.outboundTokenKind === 'grant') {
      keepSpareLink(context, updated, link.token)
    }
    changes.conversation(conversationOf(context, updated).id)
    return ok(viewOf(context, updated))
  })
}

export function getContact(context: Context, id: ContactId): Result<ContactView, Unknown> {
  const found = find(context, id)
  return found.ok ? ok(viewOf(context, found.value)) : found
}

/** Gives a contact a name of our own; empty: theirs is shown. */
export function renameContact(
  context: Context,
  id: ContactId,
  petname: string,
): Result<ContactView, Unknown> {
  return change(context, id, () => ({ petname }))
}

/** Accepts a request: from now on both can write, and what came so far is receipted. */
export function acceptContact(context: Context, id: ContactId): Result<ContactView, Unknown> {
  const found = find(context, id)
  if (!found.ok) return found
  acceptRequest(context, found.value)
  return getContact(context, id)
}

/** Blocks a contact: its token is withdrawn, what waits for it is not sent, what it sends is dropped. */
export function blockContact(context: Context, id: ContactId): Result<ContactView, Unknown> {
  return change(context, id, (contact) => {
    if (contact.inboundTokenRegistered) revokeToken(context, contact.inboundToken)
    giveUpWaiting(context, contact)
    letGoPending(context, id)
    return { relation: 'blocked', inboundTokenRegistered: false, inboundTokenGranted: false }
  })
}

/** Takes what waits for a contact out of the outbox; its messages can be retried when it is unblocked. */
function giveUpWaiting(context: Context, { id }: Contact): void {
  const { outbox, unconfirmed, messages } = context.store
  context.commit((changes) => {
    for (const { contactId, messageSeq } of outbox.list()) {
      if (contactId !== id || messageSeq === null) continue
      if (!messages.advanceState(messageSeq, 'failed', 'CONTACT_BLOCKED')) continue
      const message = messages.get(messageSeq)
      if (message) changes.messageChanged(message.conversationId, messageSeq)
    }
    outbox.removeForContact(id)
    unconfirmed.removeForContact(id)
  })
}

/** Unblocks a contact: it gets a new token with our next message; one that never gave us theirs is asked anew. */
export function unblockContact(context: Context, id: ContactId): Result<ContactView, Unknown> {
  return change(context, id, (contact) => {
    if (contact.relation !== 'blocked') return {}
    const isUnanswered = contact.outboundToken === null
    // A knock is only heard with a handshake of its own.
    if (isUnanswered) context.sessions.removeAll(id)
    else askForUntaken(context, contact)
    return {
      relation: isUnanswered ? 'request-out' : 'accepted',
      knocked: false,
      ...freshToken(context),
    }
  })
}

/** Declines a request or removes a contact, with its conversation and messages. */
export function removeContact(context: Context, id: ContactId): Result<void, Unknown> {
  const found = find(context, id)
  if (!found.ok) return found
  context.commit((changes) => {
    const contact = found.value
    if (contact.inboundTokenRegistered) revokeToken(context, contact.inboundToken)
    withdrawInvitesOf(context, id)
    letGoPending(context, id)
    forgetSpareLink(context, id)
    changes.conversationRemoved(conversationOf(context, contact).id)
    context.sessions.removeAll(id)
    context.store.contacts.remove(id)
  })
  return ok(undefined)
}

/** The keys to compare. After a change those are the new ones: looking at them is what the user is asked to do. */
function parties(context: Context, contact: Contact) {
  const own = { address: context.account().address, signingKey: context.keys.signing.publicKey }
  const peerKey = contact.changedSigningKey ?? contact.signingKey
  const peer = { address: contact.address, signingKey: storedSigningKey(peerKey) }
  return { own, peer }
}

/** The safety number with a contact (PROTOCOL §9): both sides see the same. */
export function contactSafetyNumber(
  context: Context,
  id: ContactId,
): Result<SafetyNumberView, Unknown> {
  const found = find(context, id)
  if (!found.ok) return found
  const { own, peer } = parties(context, found.value)
  const digits = safetyNumber(own, peer)
  return ok({
    groups: digits.match(/\d{5}/g) ?? [],
    qr: QR_PREFIX + encodeBase64Url(encodeSafetyQr(own, peer)),
    fingerprint: encodeHex(fingerprint(peer.signingKey)),
    verifiedAtMs: found.value.verifiedAtMs,
  })
}

type VerifyRefusal = Unknown | Failure<'CONTACT_IDENTITY_CHANGED'>

/** The user has compared the safety number, or takes that back. */
export function setVerified(
  context: Context,
  id: ContactId,
  verified: boolean,
): Result<ContactView, VerifyRefusal> {
  const found = find(context, id)
  if (!found.ok) return found
  if (verified && found.value.changedSigningKey !== null) {
    return err(failure('CONTACT_IDENTITY_CHANGED'))
  }
  return change(context, id, (contact) => {
    if (verified === (contact.verifiedAtMs !== null)) return {}
    addNotice(context, contact, verified ? 'verified' : 'unverified')
    return { verifiedAtMs: verified ? context.clock.nowMs() : null }
  })
}

/** Compares the text of the other side's QR code; marks the contact verified where it fits. */
export function compareQr(
  context: Context,
  id: ContactId,
  qr: string,
): Result<{ match: boolean }, VerifyRefusal> {
  const found = find(context, id)
  if (!found.ok) return found
  const text = qr.trim()
  const bytes = text.startsWith(QR_PREFIX) ? decodeBase64Url(text.slice(QR_PREFIX.length)) : null
  const { own, peer } = parties(context, found.value)
  const match = bytes !== null && verifySafetyQr(bytes, own, peer) === 'match'
  if (!match) return ok({ match })
  const verified = setVerified(context, id, true)
  return verified.ok ? ok({ match }) : verified
}

/**
 * The user has looked at a contact's changed keys and takes them: the new key is pinned, unverified, old sessions end,
 * and what waits in either direction goes on under the new key.
 * @param shown - fingerprint of the keys the user has looked at (hexadecimal). Keys that changed once more since then
 * are refused with `CONTACT_IDENTITY_CHANGED`.
 */
export function acceptIdentity(
  context: Context,
  id: ContactId,
  shown: string,
  followUp: (followup: Followup) => void,
): Result<ContactView, VerifyRefusal> {
  const found = find(context, id)
  if (!found.ok) return found
  const { peer } = parties(context, found.value)
  if (encodeHex(fingerprint(peer.signingKey)) !== shown) {
    return err(failure('CONTACT_IDENTITY_CHANGED'))
  }
  const accepted = change(context, id, (contact) => {
    if (contact.changedSigningKey === null) return {}
    const { store } = context
    context.sessions.removeAll(id)
    store.outbox.clearEnvelopes(id)
    forgetSpareLink(context, id)
    // Sealed for keys that nobody has any more.
    store.unconfirmed.removeForContact(id)
    // What was sent to the old keys is not given to the new ones when they ask for it (decision 0052).
    store.traces.forgetIds(conversationOf(context, contact).id)
    // Whoever has the old keys has the token, too.
    revokeToken(context, contact.inboundToken)
    addNotice(context, contact, 'identity-accepted')
    return {
      signingKey: contact.changedSigningKey,
      changedSigningKey: null,
      verifiedAtMs: null,
      // The token was the old account's; the new one is asked, unless it writes first.
      outboundToken: null,
      outboundTokenKind: null,
      relation: contact.relation === 'accepted' ? 'request-out' : contact.relation,
      knocked: false,
      ...freshToken(context),
    }
  })
  if (accepted.ok) {
    const held = context.store.inbox.listHeld('pending', id)
    if (held.length > 0) followUp(receiveHeld(context, held))
  }
  return accepted.ok ? getContact(context, id) : accepted
}
