import { InvalidArgumentError, type Command } from 'commander'
import { isDisplayNameSendable, MAX_DISPLAY_NAME_CHARS } from '#protocol/content.ts'
import { ok } from '#shared/result.ts'
import { notConnected, type CommandRun, type Outcome } from '../command-run.ts'
import { EXIT } from '../exit-codes.ts'
import { profileCommand, waitOption, type Perform } from '../profile-command.ts'
import { accountText, localTime } from '../text-views.ts'

interface InitFlags {
  readonly relay: string
  readonly displayName?: string
  readonly inviteCode?: string
  readonly wait: number
}

/** `sotto init`: creates an account. */
export function initCommand(perform: Perform): Command {
  return profileCommand('init', 'Create an account at a relay.', [
    'sotto init ada --relay relay.example.org',
    'sotto init bot --relay localhost:8443 --profile ./bot --passphrase-file ./bot.passphrase',
  ])
    .argument('<name>', '2 to 32 of a–z, 0–9, dot, dash and underscore')
    .requiredOption('--relay <host>', 'host of the relay, with its port where it needs one')
    .option('--display-name <name>', 'what contacts see', parseDisplayName)
    .option('--invite-code <code>', 'where the relay wants one')
    .addOption(waitOption('how long to wait for the relay to have the keys', 15))
    .action((name: string, flags: InitFlags, self: Command) =>
      perform(self, (run) => init(run, name, flags)),
    )
}

function parseDisplayName(name: string): string {
  if (!isDisplayNameSendable(name.trim())) {
    throw new InvalidArgumentError(`It has at most ${MAX_DISPLAY_NAME_CHARS} characters.`)
  }
  return name.trim()
}

function init(run: CommandRun, name: string, flags: InitFlags): Promise<Outcome> {
  const { relay, displayName = '', inviteCode = null } = flags
  return run.withNewClient({ relay, name, displayName, inviteCode }, async (client) => {
    client.start()
    // Others can write to the account once the relay has its prekeys.
    const settled = await run.settle(client, flags.wait)
    const account = client.account()
    await run.output.result({ ...account, profile: run.folder }, accountText(account, run.folder))
    if (!client.connection().secure) {
      run.output.note(
        'Warning: this relay is reached without TLS. Others in its network see who uses it.',
      )
    }
    if (settled) return ok(EXIT.done)
    run.output.note('The relay does not have all keys yet; they go with the next command.')
    return ok(EXIT.waiting)
  })
}

/** `sotto whoami`: shows the account. */
export function whoamiCommand(perform: Perform): Command {
  return profileCommand('whoami', 'Show the account of the profile.', [
    'sotto whoami',
    'sotto whoami --json | jq -r .address',
  ]).action((_flags: object, self: Command) =>
    perform(self, (run) =>
      run.withClient(async (client) => {
        const account = client.account()
        await run.output.result(
          { ...account, profile: run.folder },
          accountText(account, run.folder),
        )
        return ok(EXIT.done)
      }),
    ),
  )
}

/** `sotto invite`: makes an invite link. */
export function inviteCommand(perform: Perform): Command {
  return profileCommand('invite', 'Make an invite link: whoever adds it is your contact at once.', [
    'sotto invite',
    'sotto invite | qrencode -t utf8',
  ])
    .addOption(waitOption('how long to wait for the relay', 15))
    .action((flags: { readonly wait: number }, self: Command) =>
      perform(self, (run) => invite(run, flags.wait)),
    )
}

function invite(run: CommandRun, waitMs: number): Promise<Outcome> {
  return run.withClient(async (client) => {
    client.start()
    if (!(await run.settle(client, waitMs))) return { ok: false, error: notConnected(client) }
    const made = await client.createInvite()
    if (!made.ok) return made
    await run.output.result(made.value, made.value.link)
    if (!run.output.json) {
      run.output.note(`Good for one person, until ${localTime(made.value.expiresAtMs)}.`)
    }
    return ok(EXIT.done)
  })
}
