import type { ConversationId, MessageSeq } from '#core/model.ts'
import { ok } from '#shared/result.ts'
import type { ClientHandlersOf } from './handlers.ts'
import { withoutUndefined } from './without-undefined.ts'

// Numbers that the contract has parsed become ids of core; core answers for ids that it does not know.
const conversation = ({ conversationId }: { readonly conversationId: number }) =>
  conversationId as ConversationId
const message = ({ seq }: { readonly seq: number }) => seq as MessageSeq

export const conversationHandlers: ClientHandlersOf<'conversations'> = {
  'conversations.list': (client) => ok(client.listConversations()),
  'conversations.get': (client, input) => client.getConversation(conversation(input)),
  'conversations.update': (client, input) =>
    client.updateConversation(conversation(input), withoutUndefined(input.change)),
  'conversations.markRead': (client, input) => client.markRead(conversation(input), message(input)),
  'conversations.clear': (client, input) => client.clearConversation(conversation(input)),
}

export const messageHandlers: ClientHandlersOf<'messages'> = {
  'messages.page': (client, input) => {
    const { position } = input
    const at = 'seq' in position ? { ...position, seq: message(position) } : position
    return client.pageOfMessages(conversation(input), at, input.limit)
  },
  'messages.send': (client, input) =>
    client.sendMessage(conversation(input), input.text, input.replyToSeq as MessageSeq | null),
  'messages.retry': (client, input) => client.retryMessage(message(input)),
  'messages.remove': (client, input) => client.removeMessage(message(input)),
  'messages.search': (client, { text, conversationId, beforeSeq, limit }) =>
    ok(
      client.searchMessages({
        text,
        conversationId: conversationId as ConversationId | null,
        beforeSeq: beforeSeq as MessageSeq | null,
        limit,
      }),
    ),
  'messages.inspect': (client, input) => client.inspectMessage(message(input)),
  'messages.tamper': (client, input) => client.tamperWithMessage(message(input), input.bit),
}
