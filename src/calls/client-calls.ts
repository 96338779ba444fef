import type { Client } from '#core/client.ts'
import { previewLink } from '#core/invites.ts'
import type { ContactId, ConversationId, MessageSeq } from '#core/model.ts'
import type { CallError, CallInput, CallName } from '#ipc/contract.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { ok } from '#shared/result.ts'
import type { CallResult } from './call-result.ts'

/** The calls of the contract that need an open profile and nothing else: no window, page or first run. */
export type ClientCallName = Exclude<
  Extract<
    CallName,
    `${'account' | 'contacts' | 'conversations' | 'keys' | 'links' | 'messages' | 'network' | 'relays' | 'settings'}.${string}`
  >,
  'links.openOutside' | 'network.testProxy'
>

/** Calls that pass on what relays answer, which may be any code; their callers narrow it where they must. */
type RelayedCallName = 'account.createInvite' | 'account.delete' | 'contacts.add'

/** Answers a call, whose input is parsed already, with an open profile. */
export type ClientCall<Name extends CallName, Code extends ErrorCode = ErrorCode> = (
  client: Client,
  input: CallInput<Name>,
) => CallResult<Name, Code> | Promise<CallResult<Name, Code>>

type ClientCalls = {
  readonly [Name in ClientCallName]: ClientCall<
    Name,
    Name extends RelayedCallName ? ErrorCode : CallError<Name>
  >
}

// A number that the contract has parsed becomes an id of core; core answers for ids that it does not know.
const contact = (input: { readonly contactId: number }) => input.contactId as ContactId
const conversation = (input: { readonly conversationId: number }) =>
  input.conversationId as ConversationId
const message = (input: { readonly seq: number }) => input.seq as MessageSeq

/** A change without the members that are there but undefined: those change nothing. */
function withoutUndefined<T extends object>(change: T) {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [Key in keyof T]?: Exclude<T[Key], undefined> }
}

/** The use cases of core, by the names that the contract gives them. */
export const CLIENT_CALLS: ClientCalls = {
  'account.get': (client) => ok(client.account()),
  'account.updateProfile': (client, { displayName }) => client.updateProfile(displayName),
  'account.createInvite': (client) => client.createInvite(),
  'account.delete': (client, { address }) => client.deleteAccount(address),

  'links.preview': (client, { link }) => previewLink(link, client.account().address),

  'contacts.add': (client, { linkOrAddress }) => client.addContact(linkOrAddress),
  'contacts.get': (client, input) => client.getContact(contact(input)),
  'contacts.rename': (client, input) => client.renameContact(contact(input), input.petname),
  'contacts.accept': (client, input) => client.acceptContact(contact(input)),
  'contacts.block': (client, input) => client.blockContact(contact(input)),
  'contacts.unblock': (client, input) => client.unblockContact(contact(input)),
  'contacts.remove': (client, input) => client.removeContact(contact(input)),
  'contacts.safetyNumber': (client, input) => client.safetyNumber(contact(input)),
  'contacts.setVerified': (client, input) => client.setVerified(contact(input), input.verified),
  'contacts.compareQr': (client, input) => client.compareQr(contact(input), input.qr),
  'contacts.acceptIdentity': (client, input) =>
    client.acceptIdentity(contact(input), input.fingerprint),

  'conversations.list': (client) => ok(client.listConversations()),
  'conversations.get': (client, input) => client.getConversation(conversation(input)),
  'conversations.update': (client, input) =>
    client.updateConversation(conversation(input), withoutUndefined(input.change)),
  'conversations.markRead': (client, input) => client.markRead(conversation(input), message(input)),
  'conversations.clear': (client, input) => client.clearConversation(conversation(input)),

  'messages.page': (client, input) => {
    const { position } = input
    const at = 'seq' in position ? { ...position, seq: message(position) } : position
    return client.pageOfMessages(conversation(input), at, input.limit)
  },
  'messages.send': (client, input) =>
    client.sendMessage(conversation(input), input.text, input.replyToSeq as MessageSeq | null),
  'messages.retry': (client, input) => client.retryMessage(message(input)),
  'messages.remove': (client, input) => client.removeMessage(message(input)),
  'messages.search': (client, input) =>
    ok(
      client.searchMessages({
        ...input,
        conversationId: input.conversationId as ConversationId | null,
        beforeSeq: input.beforeSeq as MessageSeq | null,
      }),
    ),
  'messages.inspect': (client, input) => client.inspectMessage(message(input)),
  'messages.tamper': (client, input) => client.tamperWithMessage(message(input), input.bit),

  'settings.get': (client) => ok(client.settings()),
  'settings.update': (client, change) => ok(client.updateSettings(withoutUndefined(change))),
  'network.getState': (client) => ok(client.connection()),
  'network.reconnect': (client) => ok(client.reconnectNow()),
  'relays.listDistrusted': (client) => ok(client.distrustedRelays()),
  'relays.trustAgain': (client, { host }) => client.trustRelayAgain(host),
  'keys.getHealth': async (client) => ok(await client.keyHealth()),
}
