import type { Command } from 'commander'
import type { MessageSeq } from '#core/model.ts'
import { ok } from '#shared/result.ts'
import type { CommandRun, Outcome } from '../command-run.ts'
import { findContact } from '../contact-lookup.ts'
import { EXIT } from '../exit-codes.ts'
import { jsonLine } from '../output.ts'
import { parseCount, profileCommand, type Perform } from '../profile-command.ts'
import { conversationText, messageText } from '../text-views.ts'

const PAGE = 200

// These read what is on this device and use no network; `receive` fetches.

/** `sotto conversations`: lists them. */
export function conversationsCommand(perform: Perform): Command {
  return profileCommand('conversations', 'List the conversations on this device.', [
    'sotto conversations',
  ]).action((_flags: object, self: Command) =>
    perform(self, (run) =>
      run.withClient(async (client) => {
        const conversations = client.listConversations()
        for (const conversation of conversations) {
          await run.output.result(conversation, conversationText(conversation))
        }
        if (conversations.length === 0) run.output.note('No conversations.')
        return ok(EXIT.done)
      }),
    ),
  )
}

interface MessagesFlags {
  readonly limit: number
  readonly before?: number
}

/** `sotto messages`: prints a conversation. */
export function messagesCommand(perform: Perform): Command {
  return profileCommand('messages', 'Print messages of a conversation, oldest first.', [
    'sotto messages ada@relay.example.org',
    'sotto messages ada@relay.example.org --limit 20 --before 1234',
  ])
    .argument('<address>', 'of the contact')
    .option('--limit <number>', 'how many, counted from the newest', parseCount, 50)
    .option('--before <seq>', 'only messages before this number', parseCount)
    .action((address: string, flags: MessagesFlags, self: Command) =>
      perform(self, (run) => messages(run, address, flags)),
    )
}

function messages(
  run: CommandRun,
  address: string,
  { limit, before }: MessagesFlags,
): Promise<Outcome> {
  return run.withClient(async (client) => {
    const found = findContact(client, address)
    if (!found.ok) return found
    const { view: contact, conversationId } = found.value
    const pages = []
    let left = limit
    let position =
      before === undefined
        ? ({ kind: 'newest' } as const)
        : ({ kind: 'before', seq: before as MessageSeq } as const)
    for (;;) {
      const page = client.pageOfMessages(conversationId, position, Math.min(left, PAGE))
      if (!page.ok) return page
      pages.unshift(page.value.messages)
      left -= page.value.messages.length
      const [oldest] = page.value.messages
      if (left <= 0 || !page.value.hasOlder || oldest === undefined) break
      position = { kind: 'before', seq: oldest.seq as MessageSeq }
    }
    for (const message of pages.flat()) {
      await run.output.result(
        { address: contact.address, ...message },
        messageText(message, contact),
      )
    }
    return ok(EXIT.done)
  })
}

/** `sotto export`: writes out everything. */
export function exportCommand(perform: Perform): Command {
  return profileCommand('export', 'Print all conversations and messages as JSON lines, readable.', [
    'sotto export > sotto.jsonl',
  ]).action((_flags: object, self: Command) =>
    perform(self, (run) =>
      run.withClient(async (client) => {
        for (const line of client.export()) await run.output.line(jsonLine(line))
        return ok(EXIT.done)
      }),
    ),
  )
}
