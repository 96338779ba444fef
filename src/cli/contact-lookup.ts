import type { Client } from '#core/client.ts'
import type { ContactId, ConversationId } from '#core/model.ts'
import { parseAddress } from '#protocol/address.ts'
import { failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { ContactView } from '#shared/views.ts'
import type { Refusal } from './output.ts'

/** A contact with its ids as core takes them. */
export interface FoundContact {
  readonly view: ContactView
  readonly id: ContactId
  readonly conversationId: ConversationId
}

/** Finds the contact with an address, as typed. */
export function findContact(client: Client, address: string): Result<FoundContact, Refusal> {
  const parsed = parseAddress(address)
  if (parsed === null) return err(failure('ADDRESS_INVALID'))
  const view = client.listContacts().find((contact) => contact.address === parsed)
  if (view === undefined) {
    const hint = `There is no contact with this address. Add it first: sotto add ${parsed}`
    return err({ ...failure('CONTACT_UNKNOWN'), hint })
  }
  return ok({
    view,
    id: view.id as ContactId,
    conversationId: view.conversationId as ConversationId,
  })
}
