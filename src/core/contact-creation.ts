import { DELIVERY_TOKEN_BYTES } from '#crypto/delivery-token.ts'
import type { Address } from '#protocol/address.ts'
import type { Context } from './context.ts'
import type { Contact, Relation } from './model.ts'

export const LABEL_BYTES = 16

/** A delivery token made for a contact, with its label: neither our relay nor the contact knows it yet. */
export function freshToken({ random }: Context) {
  return {
    inboundToken: random(DELIVERY_TOKEN_BYTES),
    inboundLabel: random(LABEL_BYTES),
    inboundTokenRegistered: false,
    inboundTokenGranted: false,
  } satisfies Partial<Contact>
}

/** Adds a contact with its conversation and a delivery token made for it; nothing is sent by this. */
export function addContact(
  context: Context,
  input: {
    readonly address: Address
    readonly signingKey: Uint8Array
    readonly relation: Relation
    readonly verified: boolean
    /** Of their invite link. */
    readonly inviteToken?: Uint8Array
  },
): Contact {
  return context.commit((changes) => {
    const now = context.clock.nowMs()
    const contact = context.store.contacts.add({
      address: input.address,
      displayName: '',
      petname: '',
      signingKey: input.signingKey,
      relation: input.relation,
      verifiedAtMs: input.verified ? now : null,
      changedSigningKey: null,
      outboundToken: input.inviteToken ?? null,
      outboundTokenKind: input.inviteToken ? 'invite' : null,
      ...freshToken(context),
      knocked: false,
      createdAtMs: now,
    })
    const conversation = context.store.conversations.add({
      contactId: contact.id,
      createdAtMs: now,
      pinned: false,
      mutedUntilMs: 0,
      archived: false,
      markedUnread: false,
      draft: '',
      signedMessages: false,
      readUpTo: null,
    })
    changes.conversation(conversation.id)
    return contact
  })
}
