import type { Command } from 'commander'
import type { Client } from '#core/client.ts'
import { err, ok } from '#shared/result.ts'
import { notConnected, type CommandRun, type Outcome } from '../command-run.ts'
import { EXIT } from '../exit-codes.ts'
import { printUnread } from '../print-unread.ts'
import { parseSeconds, profileCommand, type Perform } from '../profile-command.ts'

/** Without `--wait`: how long the relay may take to give what is there. */
const CATCH_UP_MS = 30_000
/** For the receipts of the last messages. */
const LAST_DEPOSITS_MS = 3_000

/** `sotto receive`: prints what has not been read. */
export function receiveCommand(perform: Perform): Command {
  return profileCommand('receive', 'Fetch messages, and print each unread one once.', [
    'sotto receive',
    'sotto receive --wait 3600 --json | jq --unbuffered -r .text',
  ])
    .option(
      '--wait <seconds>',
      'print messages as they come, this long (default: what is there now)',
      parseSeconds,
    )
    .action((flags: { readonly wait?: number }, self: Command) =>
      perform(self, (run) => receive(run, flags.wait ?? null)),
    )
}

function receive(run: CommandRun, waitMs: number | null): Promise<Outcome> {
  return run.withClient(async (client) => {
    client.start()
    const ended =
      waitMs === null
        ? run.settle(client, CATCH_UP_MS)
        : run.within(waitMs, new Promise(() => undefined))
    await printUntil(ended, client, run)
    const requests = client.listContacts().filter(({ relation }) => relation === 'request-in')
    if (requests.length > 0) {
      run.output.note(`Waiting requests: ${requests.length}. See them with: sotto requests`)
    }
    if (client.connection().state !== 'online') return err(notConnected(client))
    await run.settle(client, LAST_DEPOSITS_MS)
    return ok(EXIT.done)
  })
}

/** Prints what is unread, now and whenever messages have come, until it has ended. */
async function printUntil(
  ended: Promise<unknown>,
  client: Client,
  { output }: CommandRun,
): Promise<void> {
  let hasEnded = false
  let wake: () => void = () => undefined
  void ended.then(() => {
    hasEnded = true
    wake()
  })
  // A message that could not be opened at first changes when its text has come.
  const stops = (['messages.added', 'messages.changed'] as const).map((event) =>
    client.events.on(event, () => wake()),
  )
  try {
    for (let isLast = false; !isLast;) {
      const woken = new Promise<void>((resolve) => (wake = resolve))
      isLast = hasEnded
      await printUnread(client, output)
      if (!isLast && !hasEnded) await woken
    }
  } finally {
    for (const stop of stops) stop()
  }
}
