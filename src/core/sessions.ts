import { fingerprint } from '#crypto/identity.ts'
import { initiateSession } from '#crypto/handshake.ts'
import { inviteProof } from '#crypto/invite-token.ts'
import {
  bindDirectConversation,
  signMessage,
  type ConversationBinding,
} from '#crypto/message-signature.ts'
import { decodeAgreementPublicKey, decodeSigningPublicKey } from '#crypto/public-keys.ts'
import { sealMessage } from '#crypto/ratchet.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import {
  awaitsReceipt,
  decodeContent,
  encodeContent,
  encodePlaintext,
  type Content,
} from '#protocol/content.ts'
import type { Context } from './context.ts'
import { storedSigningKey } from './device-keys.ts'
import { identityChanged } from './identity-change.ts'
import type { Contact, ContactId, OutboxItem } from './model.ts'
import { withCheckpoints } from './log-gossip.ts'
import type { RelayBundle } from './ports.ts'
import { fetchProvenBundles } from './proven-keys.ts'
import type { LiveSession } from './session-book.ts'
import { describePosition } from './inspection.ts'

const IDEMPOTENCY_KEY_BYTES = 16

/** What signatures in the conversation with a contact are bound to (PROTOCOL §8.2). */
export function bindingWith(context: Context, contact: Contact): ConversationBinding {
  return bindDirectConversation(
    fingerprint(context.keys.signing.publicKey),
    fingerprint(storedSigningKey(contact.signingKey)),
  )
}

/**
 * Seals an outbox item on a session, inside the caller's transaction: the advanced session, the envelope and its trace
 * become durable together. A delivery token that the contact does not have yet rides along.
 */
export function sealItem(
  context: Context,
  contact: Contact,
  session: LiveSession,
  item: OutboxItem,
): void {
  const { store, random } = context
  const stored = decodeContent(item.content)
  if (stored === null) throw new Error('the outbox holds content that cannot be decoded')
  const content = withCheckpoints(context, contact, {
    ...withGrant(context, contact, item, stored),
    ...proofOfInvite(context, contact.id, session),
  })
  const encoded = encodeContent(content)
  const signature = isSigned(context, item)
    ? signMessage(context.keys.signing, bindingWith(context, contact), encoded)
    : null
  const sealed = sealMessage(
    session.state,
    encodePlaintext({ content: encoded, signature }),
    random,
  )
  context.sessions.advance(session, sealed.state, context.clock.nowMs())
  store.outbox.setEnvelope(item.envelopeId, sealed.envelope, awaitsReceipt(content))
  if (item.messageSeq !== null) {
    store.traces.add({
      envelopeId: item.envelopeId,
      messageSeq: item.messageSeq,
      direction: 'out',
      label: null,
      envelope: sealed.envelope,
      messageKey: sealed.messageKey,
      position: describePosition(sealed.position),
      relayedAtMs: 0,
    })
  }
}

/** As it was when the message was written: the contact, who can change the mode, has no say in it later. */
function isSigned({ store }: Context, { messageSeq }: OutboxItem): boolean {
  return messageSeq !== null && store.messages.get(messageSeq)?.signature === 'valid'
}

/**
 * Adds our profile and the contact's delivery token, once the relay knows the token, where they were not sent yet, and
 * to whatever may go as a knock: without the token, the other side could not answer.
 */
function withGrant(context: Context, { id }: Contact, item: OutboxItem, content: Content): Content {
  const contact = context.store.contacts.get(id)
  if (!contact?.inboundTokenRegistered) return content
  if (contact.relation === 'request-in' || contact.relation === 'blocked') return content
  const mayBeKnock = contact.outboundToken === null && item.messageSeq === null
  if (contact.inboundTokenGranted && !mayBeKnock) return content
  context.store.contacts.update(id, { inboundTokenGranted: true })
  return {
    ...content,
    profile: { displayName: context.account().displayName },
    tokenGrant: contact.inboundToken,
  }
}

/** While an invite's token is used: what shows the contact that we have the link (PROTOCOL §17). */
function proofOfInvite(
  context: Context,
  id: ContactId,
  { state }: LiveSession,
): Pick<Content, 'inviteProof'> {
  const contact = context.store.contacts.get(id)
  if (contact?.outboundTokenKind !== 'invite' || contact.outboundToken === null) return {}
  return { inviteProof: inviteProof(contact.outboundToken, state.id) }
}

/**
 * Begins a new session with a contact's device: fetches its keys, checks them against the pinned one and stores the
 * session, which then is the one that sends.
 */
export async function establishSession(
  context: Context,
  contact: Contact,
  deviceId: number,
): Promise<Result<LiveSession, Failure<ErrorCode>>> {
  const fetched = await fetchProvenBundles(
    context,
    contact.address,
    context.random(IDEMPOTENCY_KEY_BYTES),
  )
  if (!fetched.ok) return fetched
  const signingKey = decodeSigningPublicKey(fetched.value.signingKey)
  if (!signingKey.ok) return signingKey
  const bundle = fetched.value.bundles.find((each) => each.deviceId === deviceId)
  if (bundle === undefined) return err(failure('KEYS_NOT_PUBLISHED'))
  const keys = decodeBundle(bundle)
  if (!keys.ok) return keys

  return context.commit(() => {
    // Read again: the contact may have changed while the keys were on their way.
    const current = context.store.contacts.get(contact.id)
    if (current === null) return err(failure('CONTACT_UNKNOWN'))
    if (!equalPublicBytes(current.signingKey, signingKey.value)) {
      identityChanged(context, current, signingKey.value)
      return err(failure('CONTACT_IDENTITY_CHANGED'))
    }
    const nowMs = context.clock.nowMs()
    const initiated = initiateSession({
      own: context.keys.ownDevice(context.account()),
      peerAddress: contact.address,
      bundle: { signingKey: signingKey.value, certificate: bundle.certificate, ...keys.value },
      newestGeneration: Math.max(
        0,
        ...context.sessions.of(contact.id).map(({ state }) => state.generation),
      ),
      nowMs,
      random: context.random,
    })
    if (!initiated.ok) return initiated
    if (initiated.value.peer.deviceId !== deviceId) return err(failure('SIGNATURE_INVALID'))
    const session: LiveSession = {
      contactId: contact.id,
      deviceId,
      createdAtMs: nowMs,
      lastUsedAtMs: nowMs,
      state: initiated.value.session,
    }
    context.sessions.add(session)
    return ok(session)
  })
}

/** Checks the points of a bundle; its signatures are checked by `initiateSession`. */
function decodeBundle(bundle: RelayBundle) {
  const signed = decodeAgreementPublicKey(bundle.signedPrekey.publicKey)
  if (!signed.ok) return signed
  const oneTime = bundle.oneTimePrekey && decodeAgreementPublicKey(bundle.oneTimePrekey.publicKey)
  if (oneTime && !oneTime.ok) return oneTime
  return ok({
    signedPrekey: {
      id: bundle.signedPrekey.id,
      publicKey: signed.value,
      signature: bundle.signedPrekey.signature,
    },
    kemPrekey: bundle.kemPrekey,
    oneTimePrekey:
      bundle.oneTimePrekey && oneTime
        ? { id: bundle.oneTimePrekey.id, publicKey: oneTime.value }
        : null,
  })
}
