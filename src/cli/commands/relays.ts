import type { Command } from 'commander'
import { ERRORS } from '#shared/errors.ts'
import { err, ok } from '#shared/result.ts'
import type { RelayTrustView } from '#shared/views.ts'
import { NO_RELAY_HOST, type CommandRun, type Outcome } from '../command-run.ts'
import { EXIT } from '../exit-codes.ts'
import { profileCommand, type Perform } from '../profile-command.ts'
import { localTime } from '../text-views.ts'

interface RelaysFlags {
  readonly trustAgain?: string
}

/** `sotto relays`: shows relays that are not trusted, and why; takes one back. */
export function relaysCommand(perform: Perform): Command {
  return profileCommand(
    'relays',
    'Show relays that contradicted themselves about keys, with the evidence.',
    ['sotto relays', 'sotto relays --trust-again relay.example.org'],
  )
    .option('--trust-again <host>', 'go on with a relay, after you have looked at what it did')
    .action((flags: RelaysFlags, self: Command) => perform(self, (run) => relays(run, flags)))
}

function relays(run: CommandRun, { trustAgain }: RelaysFlags): Promise<Outcome> {
  return run.withClient(async (client) => {
    if (trustAgain !== undefined) {
      const trusted = client.trustRelayAgain(trustAgain)
      if (!trusted.ok) return err({ ...trusted.error, hint: NO_RELAY_HOST })
    }
    const distrusted = client.distrustedRelays()
    for (const relay of distrusted) await run.output.result(relay, relayText(relay))
    if (distrusted.length === 0) run.output.note('No relay is distrusted.')
    return ok(EXIT.done)
  })
}

const REASONS: Record<RelayTrustView['reason'], string> = {
  'key-changed': 'It signs its log of keys with another key than before.',
  'rolled-back': 'Its log of keys has lost entries that it had before.',
  'split-view': 'It has shown different logs of keys to different people.',
  'keys-not-logged': 'It gave out keys that are not in its log.',
  'entry-replaced': "A contact's keys have vanished from its log.",
  'own-entry': 'Its log has other keys under your name than yours.',
}

function relayText({ host, isOwn, reason, sinceMs, evidence }: RelayTrustView): string {
  return [
    `${host}${isOwn ? ' (your relay)' : ''}  since ${localTime(sinceMs)}`,
    `  ${REASONS[reason]}`,
    `  ${ERRORS.RELAY_DISTRUSTED.message}`,
    `  Evidence: ${evidence.replaceAll('\n', '\n  ')}`,
  ].join('\n')
}
