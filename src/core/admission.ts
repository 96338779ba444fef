import { verifyInviteProof } from '#crypto/invite-token.ts'
import type { SessionId } from '#crypto/session-state.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { hostOf, type Address } from '#protocol/address.ts'
import { decodeContent, decodePlaintext } from '#protocol/content.ts'
import type { AcceptedHandshake } from './accepting.ts'
import { addContact } from './contact-creation.ts'
import type { Context } from './context.ts'
import type { Contact, Invite } from './model.ts'
import { addNotice } from './notices.ts'
import type { IncomingEnvelope } from './ports.ts'
import { readSettings } from './settings.ts'

/** Requests of strangers that may wait at once; more are dropped until some are answered. */
const REQUESTS_WAITING = 200

/** An initial message and what its label says. */
export interface Arrival {
  readonly incoming: IncomingEnvelope
  /** Whose token was used. */
  readonly contact: Contact | null
  /** The invite whose link the author has, as proven by {@link provenInvite}. */
  readonly invite: Invite | null
}

/**
 * The label of an envelope is the relay's word. That its author has the link of the invite is shown by a proof inside
 * the sealed text, which only the link allows to make (PROTOCOL §17).
 * @returns `null` where the proof does not fit: the author is a stranger then.
 */
export function provenInvite(
  invite: Invite | null,
  sessionId: SessionId,
  plaintext: Uint8Array,
): Invite | null {
  const decoded = invite && decodePlaintext(plaintext)
  const proof = decoded && decodeContent(decoded.content)?.inviteProof
  return invite && proof && verifyInviteProof(invite.token, sessionId, proof) ? invite : null
}

export type Verdict =
  | { readonly kind: 'known'; readonly contact: Contact }
  | { readonly kind: 'stranger' }
  /** Waits for a look-up of the author, or for the user to look at changed keys. */
  | { readonly kind: 'hold'; readonly contact: Contact | null }
  | {
      readonly kind: 'drop'
      readonly reason:
        'own-address' | 'blocked' | 'not-wanted' | 'private-host' | 'too-many' | 'other-key'
    }

/**
 * Decides about the author of an initial message. The handshake proves that they hold the signing key they show; that
 * the address is theirs is proven by the pinned key, or else by the directory of the address' relay.
 */
export function judgeAuthor(
  context: Context,
  { accepted, address }: AcceptedHandshake,
  arrival: Arrival,
): Verdict {
  if (address === context.account().address) return { kind: 'drop', reason: 'own-address' }
  const { signingKey } = accepted.peer
  const known = context.store.contacts.byAddress(address)
  if (known !== null && equalPublicBytes(known.signingKey, signingKey)) {
    return known.relation === 'blocked'
      ? { kind: 'drop', reason: 'blocked' }
      : { kind: 'known', contact: known }
  }
  if (known?.relation === 'blocked') return { kind: 'drop', reason: 'blocked' }
  if (known === null) {
    const invited = arrival.invite?.usedBy === null
    if (!invited && readSettings(context.store.settings).whoMayWrite === 'links-only') {
      return { kind: 'drop', reason: 'not-wanted' }
    }
    if (!invited && leadsInside(context, address)) {
      return { kind: 'drop', reason: 'private-host' }
    }
    if (!invited && requestsWaiting(context) >= REQUESTS_WAITING) {
      return { kind: 'drop', reason: 'too-many' }
    }
  }
  const confirmed = context.confirmedKeys.get(address)
  if (confirmed === null) return { kind: 'hold', contact: known }
  if (!equalPublicBytes(confirmed, signingKey)) return { kind: 'drop', reason: 'other-key' }
  // A known address under a new key that its relay confirms: held until the user has looked at it.
  return known === null ? { kind: 'stranger' } : { kind: 'hold', contact: known }
}

/** Makes a contact of a stranger whose address is confirmed: accepted where they were invited, else a request. */
export function admitStranger(
  context: Context,
  { accepted, address }: AcceptedHandshake,
  { invite }: Arrival,
): Contact {
  const invited = invite?.usedBy === null
  const contact = addContact(context, {
    address,
    signingKey: accepted.peer.signingKey,
    relation: invited ? 'accepted' : 'request-in',
    verified: false,
  })
  addNotice(context, contact, invited ? 'contact-added' : 'request-received')
  return contact
}

function requestsWaiting(context: Context): number {
  return context.store.contacts.list().filter(({ relation }) => relation === 'request-in').length
}

/**
 * Whether a stranger's address would have us ask a host in our own network, which only we can reach: fine where our relay
 * is in it too.
 */
function leadsInside(context: Context, address: Address): boolean {
  const { relay } = context
  return relay.isPrivate(hostOf(address)) && !relay.isPrivate(hostOf(context.account().address))
}
