import type { Command } from 'commander'
import { addAbortSignal } from 'node:stream'
import type { Client } from '#core/client.ts'
import type { MessageSeq } from '#core/model.ts'
import { failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { MessageView } from '#shared/views.ts'
import type { CommandRun, Outcome } from '../command-run.ts'
import { findContact, type FoundContact } from '../contact-lookup.ts'
import { EXIT } from '../exit-codes.ts'
import type { Refusal } from '../output.ts'
import { parseCount, profileCommand, waitOption, type Perform } from '../profile-command.ts'

/** More than the longest message. */
const MAX_INPUT_BYTES = 1_000_000

interface SendFlags {
  readonly wait: number
  readonly replyTo?: number
}

/** `sotto send`: writes a message. */
export function sendCommand(perform: Perform): Command {
  return profileCommand('send', 'Write a message, and wait until the relay has it.', [
    "sotto send ada@relay.example.org 'Hello Ada'",
    'uptime | sotto send ada@relay.example.org -',
    "sotto send ada@relay.example.org -- '-a text that begins with a dash'",
  ])
    .argument('<address>', 'of the contact')
    .argument('<text>', 'the message; - reads it from standard input')
    .option('--reply-to <seq>', 'number of the message it answers', parseCount)
    .addOption(waitOption('how long to wait for the relay', 30))
    .action((address: string, text: string, flags: SendFlags, self: Command) =>
      perform(self, (run) => send(run, address, text, flags)),
    )
}

async function send(
  run: CommandRun,
  address: string,
  given: string,
  { wait, replyTo }: SendFlags,
): Promise<Outcome> {
  const text = given === '-' ? await readText(run) : ok(given)
  if (!text.ok) return text
  if (text.value.trim() === '') return err(refuse('There is no text to send.'))
  return run.withClient(async (client) => {
    const found = findContact(client, address)
    if (!found.ok) return found
    const reply = (replyTo ?? null) as MessageSeq | null
    const written = client.sendMessage(found.value.conversationId, text.value, reply)
    if (!written.ok) return written
    const message = await untilSent(run, client, {
      contact: found.value,
      message: written.value,
      wait,
    })
    if (message.state === 'failed') return err(failure(message.errorCode ?? 'INTERNAL'))
    await run.output.result({ address: found.value.view.address, ...message }, message.state)
    if (message.state !== 'waiting') return ok(EXIT.done)
    const obstacle = obstacleTo(client, found.value)
    if (obstacle === 'CONTACT_IDENTITY_CHANGED' || obstacle === 'RELAY_DISTRUSTED') {
      return err(failure(obstacle))
    }
    run.output.note(
      obstacle === null
        ? "The contact's relay could not be reached. The message waits here; it goes with the next command."
        : 'The message waits here until your request is accepted.',
    )
    return ok(EXIT.waiting)
  })
}

/** Connects, and waits until the message has left the outbox, or cannot before someone does something. */
async function untilSent(
  run: CommandRun,
  client: Client,
  sending: { readonly contact: FoundContact; readonly message: MessageView; readonly wait: number },
): Promise<MessageView> {
  let { message } = sending
  let stop = (): void => undefined
  const decided = new Promise<void>((decide) => {
    stop = client.events.on('messages.changed', (changed) => {
      message = changed.find(({ seq }) => seq === message.seq) ?? message
      if (message.state !== 'waiting') decide()
    })
    client.start()
    void client.whenSettled().then(() => {
      if (!client.isClosed() && obstacleTo(client, sending.contact) !== null) decide()
    })
  })
  await run.within(sending.wait, decided)
  stop()
  return message
}

/** Why a message to the contact has to wait, whatever the network does. */
function obstacleTo(client: Client, { id }: FoundContact) {
  const contact = client.getContact(id)
  if (!contact.ok) return null
  if (contact.value.identityChanged) return 'CONTACT_IDENTITY_CHANGED'
  const relay = contact.value.address.slice(contact.value.address.indexOf('@') + 1)
  if (client.distrustedRelays().some(({ host }) => host === relay)) return 'RELAY_DISTRUSTED'
  return contact.value.relation === 'request-out' ? 'CONTACT_NOT_ACCEPTED' : null
}

async function readText({ surroundings }: CommandRun): Promise<Result<string, Refusal>> {
  const { stdin, interrupted } = surroundings
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of addAbortSignal(interrupted, stdin)) {
      const part = Buffer.from(chunk as Uint8Array | string)
      bytes += part.length
      if (bytes > MAX_INPUT_BYTES) return err(failure('MESSAGE_TOO_LONG'))
      chunks.push(part)
    }
  } catch (cause) {
    if (interrupted.aborted) return err(failure('CANCELLED'))
    throw cause
  }
  return ok(
    Buffer.concat(chunks)
      .toString('utf8')
      .replace(/\r?\n$/, ''),
  )
}

function refuse(hint: string): Refusal {
  return { ...failure('INVALID_INPUT'), hint }
}
