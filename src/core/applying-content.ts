import { verifyMessageSignature } from '#crypto/message-signature.ts'
import type { MessageKey, MessagePosition, SessionId } from '#crypto/session-state.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import {
  awaitsReceipt,
  decodeContent,
  decodePlaintext,
  type Content,
  type TextContent,
} from '#protocol/content.ts'
import { acceptRequest } from './accepting-request.ts'
import { provenInvite } from './admission.ts'
import type { Context } from './context.ts'
import { envelopeHash } from './envelope-hash.ts'
import { storedSigningKey } from './device-keys.ts'
import { keepClaims } from './log-gossip.ts'
import { describePosition } from './inspection.ts'
import { textContentOf } from './messages.ts'
import type { Contact, ContactId, Message, UnconfirmedEnvelope } from './model.ts'
import { addNotice, conversationOf } from './notices.ts'
import { enqueue } from './outbox.ts'
import type { IncomingEnvelope } from './ports.ts'
import { bindingWith } from './sessions.ts'
import { askForUntaken, rememberUntaken } from './untaken-texts.ts'

/** An envelope whose seal was opened by one of the contact's sessions. */
export interface OpenedEnvelope {
  readonly incoming: IncomingEnvelope
  readonly sessionId: SessionId
  readonly plaintext: Uint8Array
  readonly messageKey: MessageKey
  readonly position: MessagePosition
}

/** What was taken in by this batch, by contact, to be receipted together. */
export class PendingReceipts {
  /** Ids of messages. */
  readonly delivered = new Map<ContactId, Uint8Array[]>()
  /** Hashes of envelopes. */
  readonly envelopes = new Map<ContactId, Uint8Array[]>()

  addMessage(contactId: ContactId, id: Uint8Array): void {
    append(this.delivered, contactId, id)
  }

  addEnvelope(contactId: ContactId, hash: Uint8Array): void {
    append(this.envelopes, contactId, hash)
  }

  contacts(): Set<ContactId> {
    return new Set([...this.delivered.keys(), ...this.envelopes.keys()])
  }
}

function append(lists: Map<ContactId, Uint8Array[]>, contactId: ContactId, id: Uint8Array): void {
  const list = lists.get(contactId)
  if (list) list.push(id)
  else lists.set(contactId, [id])
}

/** `malformed`: a client of ours would not send it, so there is nothing to show. */
export type Applied = 'owes-receipt' | 'owes-nothing' | 'malformed'

/**
 * Takes in what a contact has sent, inside the transaction that stores the advanced session.
 * @returns Whether its sender waits for a receipt.
 */
export function applyPlaintext(
  context: Context,
  contactId: ContactId,
  opened: OpenedEnvelope,
  receipts: PendingReceipts,
): Applied {
  const plaintext = decodePlaintext(opened.plaintext)
  const content = plaintext && decodeContent(plaintext.content)
  const author = context.store.contacts.get(contactId)
  if (!plaintext || !content || !author) return 'malformed'
  const contact = acceptInvited(context, author, opened)
  applyProfile(context, contact, content)
  applyGrant(context, contact, content)
  applyReceipts(context, contact, content)
  applyResendRequest(context, contact, content)
  keepClaims(context, contact, content)
  // A stranger's knock carries no text (decision 0003), whatever their client does.
  const takesText = content.text !== undefined && contact.relation !== 'request-in'
  if (content.text !== undefined && takesText) {
    const signature =
      plaintext.signature === null
        ? 'none'
        : verifyMessageSignature(
              storedSigningKey(contact.signingKey),
              bindingWith(context, contact),
              plaintext.content,
              plaintext.signature,
            )
          ? 'valid'
          : 'invalid'
    applyText(context, contact, content.text, content.sentAtMs, signature, opened, receipts)
  }
  applySignedMode(context, contact, content)
  if (content.text !== undefined && !takesText) {
    // A receipt, once they are accepted, would say that it has arrived.
    rememberUntaken(context, contact, opened.incoming)
    return 'owes-nothing'
  }
  if (!awaitsReceipt(content)) return 'owes-nothing'
  if (!takesText) receipts.addEnvelope(contact.id, envelopeHash(opened.incoming.envelope))
  return 'owes-receipt'
}

/** Whoever asked before and now comes with an invite of ours needs no answer any more. @returns the contact as it is now. */
function acceptInvited(context: Context, contact: Contact, opened: OpenedEnvelope): Contact {
  if (contact.relation !== 'request-in') return contact
  const { store } = context
  const labelled = store.invites.byLabel(opened.incoming.label)
  const invite = provenInvite(labelled, opened.sessionId, opened.plaintext)
  if (invite === null || (invite.usedBy ?? contact.id) !== contact.id) return contact
  return context.commit(() => {
    store.invites.update(invite.label, { usedBy: contact.id })
    acceptRequest(context, contact)
    return store.contacts.get(contact.id) ?? contact
  })
}

function applyProfile(context: Context, contact: Contact, { profile }: Content): void {
  if (profile === undefined || profile.displayName === contact.displayName) return
  context.commit((changes) => {
    context.store.contacts.update(contact.id, { displayName: profile.displayName })
    changes.conversation(conversationOf(context, contact).id)
  })
}

function applyGrant(context: Context, contact: Contact, { tokenGrant }: Content): void {
  if (tokenGrant === undefined) return
  const known = contact.outboundToken
  if (known && contact.outboundTokenKind === 'grant' && equalPublicBytes(known, tokenGrant)) return
  context.commit((changes) => {
    const accepted = contact.relation === 'request-out'
    // What was sent so far is the knock that this answers.
    if (accepted) context.store.unconfirmed.removeForContact(contact.id)
    context.store.contacts.update(contact.id, {
      outboundToken: tokenGrant,
      outboundTokenKind: 'grant',
      // Who has a new token for us may have missed ours: what went with the old one was refused.
      ...(contact.outboundTokenKind === 'grant' && { inboundTokenGranted: false }),
      ...(accepted && { relation: 'accepted' as const }),
    })
    if (accepted) {
      addNotice(context, contact, 'request-accepted')
      askForUntaken(context, contact)
    }
    changes.conversation(conversationOf(context, contact).id)
  })
}

function applyReceipts(context: Context, contact: Contact, { receipts }: Content): void {
  if (receipts === undefined) return
  context.commit((changes) => {
    const { id: conversationId } = conversationOf(context, contact)
    const advance = (ids: readonly Uint8Array[], state: 'delivered' | 'read') => {
      for (const id of ids) {
        const message = context.store.messages.byId(conversationId, 'me', id)
        if (message === null) continue
        context.store.unconfirmed.removeForMessage(message.seq)
        if (context.store.messages.advanceState(message.seq, state)) {
          changes.messageChanged(conversationId, message.seq)
        }
      }
    }
    for (const hash of receipts.envelopes) {
      const seq = confirmEnvelope(context, contact.id, hash)
      if (seq !== null && context.store.messages.advanceState(seq, 'delivered')) {
        changes.messageChanged(conversationId, seq)
      }
    }
    advance(receipts.delivered, 'delivered')
    advance(receipts.read, 'read')
  })
}

/** An envelope is kept no longer. @returns The message it holds, if any. */
function confirmEnvelope(
  { store }: Context,
  contactId: ContactId,
  hash: Uint8Array,
): Message['seq'] | null {
  const kept = store.unconfirmed.byHash(contactId, hash)
  if (kept !== null) {
    store.unconfirmed.remove(kept.envelopeId)
    return kept.messageSeq
  }
  // Of what waits only the first can be at the relay already, which is about to say so.
  const next = store.outbox.next(contactId)
  if (!next?.envelope || !equalPublicBytes(envelopeHash(next.envelope), hash)) return null
  store.outbox.setReceipted(next.envelopeId)
  return next.messageSeq
}

/** Sends again what the contact could not open; says so where an envelope held no message. */
function applyResendRequest(context: Context, contact: Contact, { resendRequest }: Content): void {
  // Who has not been accepted does not learn whether anybody is there.
  if (resendRequest === undefined || contact.relation === 'request-in') return
  const { store } = context
  const conversation = conversationOf(context, contact)
  const nothingToResend: Uint8Array[] = []
  // Our token may be in what could not be opened.
  if (resendRequest.envelopeIds.length > 0) {
    store.contacts.update(contact.id, { inboundTokenGranted: false })
  }
  for (const envelopeId of resendRequest.envelopeIds) {
    const kept = store.unconfirmed.get(envelopeId)
    const trace = store.traces.byEnvelope(envelopeId)
    const seq = kept?.messageSeq ?? (trace?.direction === 'out' ? trace.messageSeq : null)
    const message = seq === null ? null : store.messages.get(seq)
    if (message?.conversationId !== conversation.id) {
      nothingToResend.push(envelopeId)
      if (kept?.contactId === contact.id) sendContentAnew(context, contact, kept)
    } else if (message.state === 'delivered' || message.state === 'read') {
      // Whoever has it does not ask for it: somebody else would.
      nothingToResend.push(envelopeId)
    } else if (!isSentAgain(context, message.seq, envelopeId)) {
      const text = textContentOf(message, envelopeId)
      enqueue(context, contact, { sentAtMs: message.sentAtMs, text }, message.seq)
    }
  }
  if (nothingToResend.length > 0) {
    enqueue(context, contact, {
      sentAtMs: context.clock.nowMs(),
      resendRequest: { envelopeIds: [], nothingToResend },
    })
  }
  for (const envelopeId of resendRequest.nothingToResend) {
    context.commit((changes) => {
      const held = store.inbox.held(envelopeId)
      if (held?.contactId !== contact.id || held.status !== 'failed') return
      store.inbox.release(envelopeId)
      if (held.messageSeq !== null) {
        store.messages.remove(held.messageSeq)
        changes.messageRemoved(conversation.id, held.messageSeq)
      }
    })
  }
}

/** What held no message goes in another envelope. */
function sendContentAnew(context: Context, contact: Contact, kept: UnconfirmedEnvelope): void {
  const content = decodeContent(kept.content)
  context.store.unconfirmed.remove(kept.envelopeId)
  if (content !== null) enqueue(context, contact, content)
}

/** Whether a message waits already in another envelope than the one that could not be opened. */
function isSentAgain({ store }: Context, seq: Message['seq'], unreadable: Uint8Array): boolean {
  return store.outbox
    .byMessage(seq)
    .some(({ envelopeId }) => !equalPublicBytes(envelopeId, unreadable))
}

function applyText(
  context: Context,
  contact: Contact,
  text: TextContent,
  sentAtMs: number,
  signature: Message['signature'],
  opened: OpenedEnvelope,
  receipts: PendingReceipts,
): void {
  context.commit((changes) => {
    const { store } = context
    const conversation = conversationOf(context, contact)
    const now = context.clock.nowMs()
    const message: Omit<Message, 'seq'> = {
      conversationId: conversation.id,
      id: text.messageId,
      author: 'them',
      kind: 'text',
      text: text.text,
      sentAtMs: Math.min(sentAtMs, now),
      storedAtMs: now,
      state: 'received',
      errorCode: null,
      replyTo: text.replyTo
        ? {
            messageId: text.replyTo.messageId,
            author: text.replyTo.byReceiver ? 'me' : 'them',
            excerpt: text.replyTo.excerpt,
          }
        : null,
      signature,
    }
    const held = text.resentFor ? store.inbox.held(text.resentFor) : null
    const placeholder = held?.contactId === contact.id ? held.messageSeq : null
    if (held && held.contactId === contact.id) store.inbox.release(held.envelopeId)
    const isNew = store.messages.byId(conversation.id, 'them', message.id) === null
    if (placeholder !== null && isNew && placeholder > (conversation.readUpTo ?? 0)) {
      store.messages.replaceUnreadable(placeholder, message)
      changes.messageChanged(conversation.id, placeholder)
      addTrace(context, opened, placeholder)
    } else {
      // In a place that was read already, nobody would see it: it comes as what it is, a new message.
      if (placeholder !== null) {
        store.messages.remove(placeholder)
        changes.messageRemoved(conversation.id, placeholder)
      }
      const stored = isNew ? store.messages.add(message) : null
      if (stored !== null) {
        changes.messageAdded(conversation.id, stored.seq)
        addTrace(context, opened, stored.seq)
      }
    }
    if (conversation.archived && conversation.mutedUntilMs <= now) {
      store.conversations.update(conversation.id, { archived: false })
    }
    // Receipted even when it was known: the sender repeats it because no receipt came.
    receipts.addMessage(contact.id, message.id)
  })
}

function addTrace(context: Context, opened: OpenedEnvelope, messageSeq: Message['seq']): void {
  context.store.traces.add({
    envelopeId: opened.incoming.envelopeId,
    messageSeq,
    direction: 'in',
    label: opened.incoming.label,
    envelope: opened.incoming.envelope,
    messageKey: opened.messageKey,
    position: describePosition(opened.position),
    relayedAtMs: opened.incoming.relayedAtMs,
  })
}

function applySignedMode(context: Context, contact: Contact, { signedMode }: Content): void {
  const conversation = conversationOf(context, contact)
  if (signedMode === undefined || signedMode === conversation.signedMessages) return
  context.commit((changes) => {
    context.store.conversations.update(conversation.id, { signedMessages: signedMode })
    addNotice(context, contact, signedMode ? 'signed-messages-on' : 'signed-messages-off')
    changes.conversation(conversation.id)
  })
}
