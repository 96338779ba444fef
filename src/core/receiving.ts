import { readHandshakeId } from '#crypto/handshake-id.ts'
import { openMessage } from '#crypto/ratchet.ts'
import type { HandshakeId } from '#crypto/session-state.ts'
import { equalPublicBytes } from '#shared/bytes.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { MAX_IDS } from '#protocol/content.ts'
import { acceptHandshake, keepSession, type AcceptedHandshake } from './accepting.ts'
import { applyPlaintext, PendingReceipts, type OpenedEnvelope } from './applying-content.ts'
import { admitStranger, judgeAuthor, provenInvite, type Arrival } from './admission.ts'
import type { Context } from './context.ts'
import { envelopeHash } from './envelope-hash.ts'
import { letGo } from './held-envelopes.ts'
import type { Contact, ContactId, HeldEnvelope, Invite } from './model.ts'
import { conversationOf } from './notices.ts'
import { enqueue } from './outbox.ts'
import type { IncomingEnvelope } from './ports.ts'
import { INVITE_USES } from './token-upkeep.ts'

const ID_BYTES = 16
/** Envelopes of one contact that are kept for another try; beyond, only counted. */
const FAILED_KEPT_PER_CONTACT = 50
/** Envelopes of strangers that wait for a look-up of their author at once; a relay that invents more gains nothing. */
const PENDING_KEPT = 200
/** Envelopes of one contact that wait for the user to look at its changed keys: all that a link lets anybody send. */
const PENDING_KEPT_PER_CONTACT = INVITE_USES

/** What is to be done once the batch is durable. */
export interface Followup {
  /** Some envelopes wait for a look-up of their author. */
  lookups: boolean
  /** Some contacts' sessions need repair. */
  repairs: boolean
}

/**
 * Takes in a batch of envelopes in one transaction: opened messages, the advanced sessions and the envelopes' ids become
 * durable together, and only then the relay may forget them. Envelopes taken in before change nothing.
 */
export function receiveBatch(context: Context, batch: readonly IncomingEnvelope[]): Followup {
  return context.commit(() => {
    const receiver = new Receiver(context)
    for (const incoming of batch) receiver.receive(incoming)
    const last = batch.at(-1)
    if (last) context.store.account.setCursor(last.relaySeq)
    return receiver.finish()
  })
}

/** Tries held envelopes again, in the order in which they came: their author is known now. */
export function receiveHeld(context: Context, held: readonly HeldEnvelope[]): Followup {
  return context.commit(() => {
    const receiver = new Receiver(context)
    for (const each of held) {
      // Taken in or given up while its author was looked up.
      if (context.store.inbox.held(each.envelopeId) === null) continue
      // Opening it, or holding it once more, marks it as seen again.
      letGo(context, each)
      receiver.open({ ...each, relaySeq: 0 })
    }
    return receiver.finish()
  })
}

/** One batch inside one transaction. */
class Receiver {
  readonly #context: Context
  readonly #receipts = new PendingReceipts()
  readonly #heard = new Set<ContactId>()
  readonly #followup: Followup = { lookups: false, repairs: false }

  constructor(context: Context) {
    this.#context = context
  }

  receive(incoming: IncomingEnvelope): void {
    const { inbox } = this.#context.store
    const hash = envelopeHash(incoming.envelope)
    if (!inbox.seen(hash)) this.open(incoming)
    else if (inbox.owesReceipt(hash)) this.#receiptAgain(incoming, hash)
  }

  /** It comes again because its sender has no receipt: that one may be what was lost. */
  #receiptAgain(incoming: IncomingEnvelope, hash: Uint8Array): void {
    const { contact } = this.#belongsTo(incoming)
    if (contact !== null && this.#context.repeatedReceipts.isDue(hash)) {
      this.#receipts.addEnvelope(contact.id, hash)
    }
  }

  /** Whose token, or which invite's, was used for an envelope, by the relay's word. */
  #belongsTo({ label }: IncomingEnvelope): {
    readonly contact: Contact | null
    readonly invite: Invite | null
  } {
    const { contacts, invites } = this.#context.store
    const invite = invites.byLabel(label)
    const guest = invite?.usedBy ? contacts.get(invite.usedBy) : null
    // Who else has the link is not blocked with its first user.
    const contact = contacts.byInboundLabel(label) ?? (guest?.relation === 'blocked' ? null : guest)
    return { contact, invite }
  }

  /** Opens an envelope by what its label says about where it belongs. */
  open(incoming: IncomingEnvelope): void {
    const { contact, invite } = this.#belongsTo(incoming)
    if (contact?.relation === 'blocked') return
    if (contact !== null && this.#openWithSessions(contact, incoming)) return

    const handshakeId = readHandshakeId(incoming.envelope)
    if (handshakeId !== null && this.#openAsLater(handshakeId, incoming)) return
    if (handshakeId === null && invite !== null && this.#openAsAnyone(incoming)) return
    if (contact === null && handshakeId === null) {
      // Nobody it could be from: a token that was revoked meanwhile, or rubbish.
      this.#context.log.warn('envelope.dropped', { bytes: incoming.envelope.length })
      return
    }
    const handshake = acceptHandshake(this.#context, incoming.envelope)
    if (!handshake.ok) {
      if (contact !== null) this.#fail(contact, incoming, handshake.error.code)
      else this.#context.log.warn('envelope.refused', { code: handshake.error.code })
      return
    }
    const { state, plaintext } = handshake.value.accepted
    const proven = provenInvite(invite, state.id, plaintext)
    this.#takeHandshake(handshake.value, { incoming, contact, invite: proven })
  }

  finish(): Followup {
    for (const contactId of this.#heard) this.#context.store.unconfirmed.markOverdue(contactId)
    for (const contactId of this.#receipts.contacts()) {
      const contact = this.#context.store.contacts.get(contactId)
      // Who has not been accepted does not learn whether their messages arrive.
      if (contact?.relation === 'accepted') this.#sendReceipts(contact)
    }
    return this.#followup
  }

  #sendReceipts(contact: Contact): void {
    const messages = this.#receipts.delivered.get(contact.id) ?? []
    const hashes = this.#receipts.envelopes.get(contact.id) ?? []
    for (let start = 0; start < Math.max(messages.length, hashes.length); start += MAX_IDS) {
      const delivered = messages.slice(start, start + MAX_IDS)
      const envelopes = hashes.slice(start, start + MAX_IDS)
      const sentAtMs = this.#context.clock.nowMs()
      enqueue(this.#context, contact, { sentAtMs, receipts: { delivered, read: [], envelopes } })
    }
  }

  #openWithSessions(contact: Contact, incoming: IncomingEnvelope): boolean {
    const { sessions, clock } = this.#context
    for (const session of sessions.of(contact.id)) {
      const opened = openMessage(session.state, incoming.envelope, clock.nowMs())
      if (!opened.ok) continue
      sessions.advance(session, opened.value.state, clock.nowMs())
      this.#apply(contact, { incoming, sessionId: session.state.id, ...opened.value })
      return true
    }
    return false
  }

  /**
   * A later initial message of a handshake that was accepted under another label: who knocked may have an invite since
   * then (PROTOCOL §5.3).
   */
  #openAsLater(handshakeId: HandshakeId, incoming: IncomingEnvelope): boolean {
    const { contacts, sessions } = this.#context.store
    const contactId = sessions.contactOfHandshake(handshakeId)
    const contact = contactId === null ? null : contacts.get(contactId)
    if (contact === null) return false
    return contact.relation === 'blocked' || this.#openWithSessions(contact, incoming)
  }

  /** A link may have been used by several, until each had a token of their own: only the first is on record. */
  #openAsAnyone(incoming: IncomingEnvelope): boolean {
    return this.#context.store.contacts
      .list()
      .some(
        (contact) => contact.relation !== 'blocked' && this.#openWithSessions(contact, incoming),
      )
  }

  #takeHandshake(handshake: AcceptedHandshake, arrival: Arrival): void {
    const verdict = judgeAuthor(this.#context, handshake, arrival)
    switch (verdict.kind) {
      case 'drop':
        this.#context.log.warn('handshake.dropped', { reason: verdict.reason })
        return
      case 'hold':
        if (!this.#makeRoom(verdict.contact)) {
          this.#context.log.warn('handshake.dropped', { reason: 'too-many' })
          return
        }
        this.#hold(arrival.incoming, 'pending', null, verdict.contact, null)
        this.#followup.lookups = true
        return
      case 'known':
        this.#keep(verdict.contact, handshake, arrival)
        return
      case 'stranger':
        this.#keep(admitStranger(this.#context, handshake, arrival), handshake, arrival)
    }
  }

  /**
   * The oldest stranger makes room for another one: addresses that never answer must not keep everybody else out. Contacts
   * take no room from strangers.
   */
  #makeRoom(contact: Contact | null): boolean {
    const { inbox } = this.#context.store
    if (contact !== null) {
      return inbox.listHeld('pending', contact.id).length < PENDING_KEPT_PER_CONTACT
    }
    const strangers = inbox.listHeld('pending').filter(({ contactId }) => contactId === null)
    const [oldest] = strangers
    if (oldest && strangers.length >= PENDING_KEPT) letGo(this.#context, oldest)
    return true
  }

  #keep(contact: Contact, handshake: AcceptedHandshake, { incoming, invite }: Arrival): void {
    keepSession(this.#context, contact, handshake)
    if (invite?.usedBy === null) {
      this.#context.store.invites.update(invite.label, { usedBy: contact.id })
    }
    // Whoever begins by an invite or a knock has not, or no longer, the token that was made for them.
    if (!equalPublicBytes(contact.inboundLabel, incoming.label)) {
      this.#context.store.contacts.update(contact.id, { inboundTokenGranted: false })
    }
    const { accepted } = handshake
    this.#apply(contact, { incoming, sessionId: accepted.state.id, ...accepted })
  }

  #apply(contact: Contact, opened: OpenedEnvelope): void {
    const applied = applyPlaintext(this.#context, contact.id, opened, this.#receipts)
    if (applied === 'malformed') this.#context.log.warn('content.malformed')
    this.#markSeen(opened.incoming, applied === 'owes-receipt')
    this.#heard.add(contact.id)
  }

  /** Keeps an envelope that no session opens, shows a placeholder, and has the session repaired. */
  #fail(contact: Contact, incoming: IncomingEnvelope, code: ErrorCode): void {
    const { store, clock, random } = this.#context
    if (store.inbox.listHeld('failed', contact.id).length >= FAILED_KEPT_PER_CONTACT) {
      this.#context.log.warn('envelope.unreadable-beyond-limit')
      return
    }
    this.#context.commit((changes) => {
      const conversation = conversationOf(this.#context, contact)
      const now = clock.nowMs()
      const placeholder = store.messages.add({
        conversationId: conversation.id,
        id: random(ID_BYTES),
        author: 'them',
        kind: 'unreadable',
        text: '',
        sentAtMs: now,
        storedAtMs: now,
        state: 'received',
        errorCode: code,
        replyTo: null,
        signature: 'none',
      })
      if (placeholder !== null) changes.messageAdded(conversation.id, placeholder.seq)
      this.#hold(incoming, 'failed', code, contact, placeholder?.seq ?? null)
      // Even for an unknown version, which may just be a bit that someone has flipped.
      this.#followup.repairs = true
    })
  }

  /**
   * What was taken in is known by its bytes, not by its id: a sender's repetition has the same bytes, and a hostile relay
   * may replay them under another id.
   */
  #markSeen({ envelope }: IncomingEnvelope, owesReceipt: boolean): void {
    const { store, clock } = this.#context
    store.inbox.markSeen(envelopeHash(envelope), clock.nowMs(), owesReceipt)
  }

  #hold(
    incoming: IncomingEnvelope,
    status: HeldEnvelope['status'],
    errorCode: ErrorCode | null,
    contact: Contact | null,
    messageSeq: HeldEnvelope['messageSeq'],
  ): void {
    this.#markSeen(incoming, false)
    this.#context.store.inbox.hold({
      envelopeId: incoming.envelopeId,
      label: incoming.label,
      envelope: incoming.envelope,
      receivedAtMs: this.#context.clock.nowMs(),
      relayedAtMs: incoming.relayedAtMs,
      status,
      errorCode,
      contactId: contact?.id ?? null,
      messageSeq,
    })
  }
}
