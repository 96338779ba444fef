import type { Command } from 'commander'
import type { Client } from '#core/client.ts'
import type { Failure } from '#shared/errors.ts'
import { ok, type Result } from '#shared/result.ts'
import type { ContactView } from '#shared/views.ts'
import type { CommandRun, Outcome } from '../command-run.ts'
import { findContact, type FoundContact } from '../contact-lookup.ts'
import { EXIT } from '../exit-codes.ts'
import type { Refusal } from '../output.ts'
import { profileCommand, waitOption, type Perform } from '../profile-command.ts'
import { contactText } from '../text-views.ts'

const WAIT_SECONDS = 15
const LATER = 'Done here. The relay hears of it the next time Sotto is connected.'

interface WaitFlags {
  readonly wait: number
}

const waitForRelay = () => waitOption('how long to wait for the relay', WAIT_SECONDS)

/** `sotto add`: adds a contact. */
export function addCommand(perform: Perform): Command {
  return profileCommand('add', 'Add a contact: by link (verified at once) or address (asked).', [
    "sotto add 'sotto://add?v=1&a=…'",
    'sotto add ada@relay.example.org',
  ])
    .argument('<link|address>', 'invite link or address')
    .addOption(waitForRelay())
    .action((linkOrAddress: string, flags: WaitFlags, self: Command) =>
      perform(self, (run) =>
        changeContact(run, flags.wait, (client) => client.addContact(linkOrAddress)),
      ),
    )
}

/** Commands that change a contact by one use case. */
const CHANGES: readonly {
  readonly name: string
  readonly summary: string
  readonly change: (client: Client, contact: FoundContact) => Result<ContactView, Failure>
}[] = [
  {
    name: 'accept',
    summary: 'Accept a request: from now on you can write to each other.',
    change: (client, { id }) => client.acceptContact(id),
  },
  {
    name: 'block',
    summary: 'Block a contact: what it sends is dropped.',
    change: (client, { id }) => client.blockContact(id),
  },
  {
    name: 'unblock',
    summary: 'Let a blocked contact write again.',
    change: (client, { id }) => client.unblockContact(id),
  },
  {
    name: 'remove',
    summary: 'Decline a request or remove a contact, with its conversation on this device.',
    change: (client, { id, view }) => {
      const removed = client.removeContact(id)
      return removed.ok ? ok(view) : removed
    },
  },
]

/** `sotto accept`, `block`, `unblock` and `remove`. */
export function contactChangeCommands(perform: Perform): Command[] {
  return CHANGES.map(({ name, summary, change }) =>
    profileCommand(name, summary, [`sotto ${name} ada@relay.example.org`])
      .argument('<address>', 'of the contact')
      .addOption(waitForRelay())
      .action((address: string, flags: WaitFlags, self: Command) =>
        perform(self, (run) =>
          changeContact(run, flags.wait, (client) => {
            const found = findContact(client, address)
            return found.ok ? change(client, found.value) : found
          }),
        ),
      ),
  )
}

/** Makes a change, then waits until the relay knows what follows from it. */
function changeContact(
  run: CommandRun,
  waitMs: number,
  change: (client: Client) => Result<ContactView, Refusal> | Promise<Result<ContactView, Refusal>>,
): Promise<Outcome> {
  return run.withClient(async (client) => {
    client.start()
    const changed = await change(client)
    if (!changed.ok) return changed
    const settled = await run.settle(client, waitMs)
    const { address } = changed.value
    const found = findContact(client, address)
    if (found.ok) await run.output.result(found.value.view, contactText(found.value.view))
    else await run.output.result({ address, removed: true }, `${address}  (removed)`)
    if (settled) return ok(EXIT.done)
    run.output.note(LATER)
    return ok(EXIT.waiting)
  })
}

/** `sotto requests`: lists who asks to write. */
export function requestsCommand(perform: Perform): Command {
  return profileCommand('requests', 'List who asks to write to you.', ['sotto requests'])
    .addOption(waitForRelay())
    .action((flags: WaitFlags, self: Command) => perform(self, (run) => requests(run, flags.wait)))
}

function requests(run: CommandRun, waitMs: number): Promise<Outcome> {
  return run.withClient(async (client) => {
    client.start()
    if (!(await run.settle(client, waitMs))) {
      run.output.note('The relay could not be asked; these are the requests known here.')
    }
    const contacts = client.listContacts().filter(({ relation }) => relation === 'request-in')
    for (const contact of contacts) await run.output.result(contact, contactText(contact))
    if (contacts.length === 0) run.output.note('No requests.')
    return ok(EXIT.done)
  })
}
