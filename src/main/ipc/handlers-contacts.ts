import type { ContactId } from '#core/model.ts'
import { declared, type ClientHandlersOf } from './handlers.ts'

// A number that the contract has parsed becomes an id of core; core answers for ids that it does not know.
const idOf = ({ contactId }: { readonly contactId: number }) => contactId as ContactId

export const contactHandlers: ClientHandlersOf<'contacts'> = {
  'contacts.add': async (client, { linkOrAddress }) =>
    declared('contacts.add', await client.addContact(linkOrAddress)),
  'contacts.get': (client, input) => client.getContact(idOf(input)),
  'contacts.rename': (client, input) => client.renameContact(idOf(input), input.petname),
  'contacts.accept': (client, input) => client.acceptContact(idOf(input)),
  'contacts.block': (client, input) => client.blockContact(idOf(input)),
  'contacts.unblock': (client, input) => client.unblockContact(idOf(input)),
  'contacts.remove': (client, input) => client.removeContact(idOf(input)),
  'contacts.safetyNumber': (client, input) => client.safetyNumber(idOf(input)),
  'contacts.setVerified': (client, input) => client.setVerified(idOf(input), input.verified),
  'contacts.compareQr': (client, input) => client.compareQr(idOf(input), input.qr),
  'contacts.acceptIdentity': (client, input) =>
    client.acceptIdentity(idOf(input), input.fingerprint),
}
