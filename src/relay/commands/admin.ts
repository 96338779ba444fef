import { Command, InvalidArgumentError } from 'commander'
import { AdminClient } from '../admin/client.ts'
import {
  AccountAnswer,
  AccountsAnswer,
  InviteAnswer,
  InvitesAnswer,
  MAX_PAGE,
  NamesAnswer,
  StatisticsAnswer,
  type QuotasRequest,
} from '../admin/api.ts'
import { CommandFailure } from './command-failure.ts'
import { inviteExpiryMs, withInviteOptions, type InviteFlags } from './invite-options.ts'
import { perform, type CommandOutput } from './perform.ts'
import { readAdminSocket, withFolderOptions } from './setting-options.ts'
import { shownBytes, shownTime, table } from './table.ts'
import { wholeNumber } from './whole-number.ts'

const MINUTE_MS = 60_000
const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

type Quota = number | 'default'

interface QuotaFlags {
  readonly envelopes?: Quota
  readonly bytes?: Quota
  readonly tokens?: Quota
}

function parseQuota(text: string): Quota {
  if (text === 'default') return text
  const [, digits, unit = ''] = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(text) ?? []
  const value = Number(digits) * (UNITS[unit] ?? 1)
  if (digits !== undefined && value <= 1e12) return value
  throw new InvalidArgumentError(
    'It must be a whole number (KiB, MiB or GiB may follow) or "default".',
  )
}

const shownQuota = (quota: number | null): string => (quota === null ? 'default' : String(quota))

/** What is not given stays. */
function changedQuota(before: number | null, given: Quota | undefined): number | null {
  if (given === undefined) return before
  return given === 'default' ? null : given
}

/** A query string of what is given. */
function query(parts: Readonly<Record<string, string | number | undefined>>): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(parts)) {
    if (value !== undefined) given.set(name, String(value))
  }
  return given.size === 0 ? '' : `?${given.toString()}`
}

const accountPath = (name: string): string => `/v1/accounts/${encodeURIComponent(name)}`
const namePath = (name: string): string => `/v1/reserved-names/${encodeURIComponent(name)}`

function showAccount(account: AccountAnswer, output: CommandOutput): void {
  const { name, createdAtMs, blockedAtMs, quotas, tokens, devices } = account
  const lines = [
    `${name}, since ${shownTime(createdAtMs)}${blockedAtMs === null ? '' : `, blocked since ${shownTime(blockedAtMs)}`}`,
    `Tokens: ${tokens}`,
    `Quotas: ${shownQuota(quotas.mailboxEnvelopes)} envelopes, ${shownQuota(quotas.mailboxBytes)} bytes, ${shownQuota(quotas.tokens)} tokens`,
    '',
    table(
      ['Device', 'Seen', 'Connected', 'Waiting', 'Bytes', 'Prekeys', 'KEM prekeys'],
      devices.map((device) => [
        device.id,
        shownTime(device.seenAtMs),
        device.connected ? 'yes' : 'no',
        device.waiting,
        device.waitingBytes,
        device.oneTimePrekeys,
        device.kemOneTimePrekeys,
      ]),
    ),
  ]
  output.result(account, lines.join('\n'))
}

function showStatistics(found: StatisticsAnswer, output: CommandOutput): void {
  const lines = table(
    ['', ''],
    [
      ['Version', found.version],
      ['Running for', `${Math.floor(found.uptimeMs / MINUTE_MS)} minutes`],
      ['Connected devices', String(found.streams)],
      ['Accounts', String(found.accounts)],
      ['Blocked accounts', String(found.blockedAccounts)],
      ['Devices', String(found.devices)],
      ['Waiting envelopes', `${found.waiting} (${shownBytes(found.waitingBytes)})`],
      ['Uses left of invites', String(found.inviteUsesLeft)],
      ['Database', shownBytes(found.databaseBytes)],
      ['Restored', found.restoredAtMs === null ? 'never' : shownTime(found.restoredAtMs)],
    ],
  )
  const days = table(
    ['Registered on', 'Accounts'],
    found.registrations.map(({ day, accounts }) => [day, accounts]),
  )
  output.result(found, `${lines.trimStart()}\n\n${days}`)
}

type Work = (relay: AdminClient, output: CommandOutput) => Promise<void>

/** Finds the relay that a command is about, and works with it. */
function withRelay(command: Command, work: Work): Promise<void> {
  return perform(command, async (output) => {
    const { path, where } = await readAdminSocket(command)
    await work(new AdminClient(path, where), output)
  })
}

interface Page {
  readonly limit?: number
  readonly after?: string
}

function invitesCommand(): Command {
  const command = new Command('invites').description('Codes that let people register.')
  withInviteOptions(withFolderOptions(command.command('create')))
    .description('Make a code; it is shown once.')
    .action((flags: InviteFlags, self: Command) =>
      withRelay(self, async (relay, output) => {
        const wish = { uses: flags.uses, expiresAtMs: inviteExpiryMs(flags) }
        const made = await relay.ask(InviteAnswer, 'POST', '/v1/invites', wish)
        output.result(made, made.code)
      }),
    )
  withFolderOptions(command.command('list'))
    .description('List the codes that are still good, by id.')
    .option('--limit <number>', 'at most so many', wholeNumber(1, MAX_PAGE))
    .option('--after <id>', 'only those behind this one')
    .action(({ limit, after }: Page, self: Command) =>
      withRelay(self, async (relay, output) => {
        const { invites } = await relay.ask(
          InvitesAnswer,
          'GET',
          `/v1/invites${query({ limit, after })}`,
        )
        const rows = invites.map(({ id, usesLeft, expiresAtMs }) => [
          id,
          usesLeft,
          shownTime(expiresAtMs),
        ])
        output.result({ invites }, table(['Id', 'Uses left', 'Good until'], rows))
      }),
    )
  withFolderOptions(command.command('revoke <id>'))
    .description('End a code.')
    .action((id: string, _options: unknown, self: Command) =>
      withRelay(self, async (relay, output) => {
        if (!/^[0-9a-f]{12}$/.test(id)) {
          const message = 'The id of an invite has 12 digits; "invites list" shows it.'
          throw new CommandFailure('INVALID_INPUT', message)
        }
        await relay.tell('DELETE', `/v1/invites/${id}`)
        output.result({ revoked: id }, `Revoked ${id}`)
      }),
    )
  return command
}

function accountsCommand(): Command {
  const command = new Command('accounts').description('Accounts of this relay.')
  withFolderOptions(command.command('list'))
    .description('List accounts by name, a page at a time.')
    .option('--find <beginning>', 'only names that begin so')
    .option('--limit <number>', 'at most so many', wholeNumber(1, MAX_PAGE))
    .option('--after <name>', 'only those behind this one')
    .action(({ find, limit, after }: Page & { readonly find?: string }, self: Command) =>
      withRelay(self, async (relay, output) => {
        const path = `/v1/accounts${query({ prefix: find, limit, after })}`
        const { accounts } = await relay.ask(AccountsAnswer, 'GET', path)
        const rows = accounts.map((account) => [
          account.name,
          shownTime(account.createdAtMs),
          account.devices,
          account.waiting,
          account.waitingBytes,
          account.blockedAtMs === null ? '' : 'blocked',
        ])
        const titles = ['Name', 'Since', 'Devices', 'Waiting', 'Bytes', '']
        output.result({ accounts }, table(titles, rows))
      }),
    )
  withFolderOptions(command.command('show <name>'))
    .description('Show one account: devices, keys left, quotas.')
    .action((name: string, _options: unknown, self: Command) =>
      withRelay(self, async (relay, output) => {
        showAccount(await relay.ask(AccountAnswer, 'GET', accountPath(name)), output)
      }),
    )
  withFolderOptions(command.command('delete <name>'))
    .description(
      'Delete an account and all that waits for it. Its name is free then, unless it is reserved.',
    )
    .option('--yes', 'do it')
    .action((name: string, { yes }: { yes?: true }, self: Command) =>
      withRelay(self, async (relay, output) => {
        if (!yes) {
          const message = `This deletes ${name} and all that waits for it. Repeat it with --yes.`
          throw new CommandFailure('INVALID_INPUT', message)
        }
        await relay.tell('DELETE', accountPath(name))
        output.result({ deleted: name }, `Deleted ${name}`)
      }),
    )
  for (const [verb, blocked] of [
    ['block', true],
    ['unblock', false],
  ] as const) {
    withFolderOptions(command.command(`${verb} <name>`))
      .description(
        blocked
          ? 'Keep an account from signing in; what is sent to it waits at the senders.'
          : 'Let a blocked account in again.',
      )
      .action((name: string, _options: unknown, self: Command) =>
        withRelay(self, async (relay, output) => {
          const path = `${accountPath(name)}/block`
          showAccount(await relay.ask(AccountAnswer, 'PUT', path, { blocked }), output)
        }),
      )
  }
  withFolderOptions(command.command('quota <name>'))
    .description('Set an account\'s own limits, or give it the relay\'s again with "default".')
    .option('--envelopes <number>', 'waiting envelopes of each device', parseQuota)
    .option('--bytes <number>', 'their bytes, as 67108864 or 64MiB', parseQuota)
    .option('--tokens <number>', 'delivery tokens', parseQuota)
    .action((name: string, given: QuotaFlags, self: Command) =>
      withRelay(self, async (relay, output) => {
        const { quotas } = await relay.ask(AccountAnswer, 'GET', accountPath(name))
        const change: QuotasRequest = {
          mailboxEnvelopes: changedQuota(quotas.mailboxEnvelopes, given.envelopes),
          mailboxBytes: changedQuota(quotas.mailboxBytes, given.bytes),
          tokens: changedQuota(quotas.tokens, given.tokens),
        }
        const path = `${accountPath(name)}/quotas`
        showAccount(await relay.ask(AccountAnswer, 'PUT', path, change), output)
      }),
    )
  return command
}

function namesCommand(): Command {
  const command = new Command('names').description('Names that nobody may register.')
  withFolderOptions(command.command('list'))
    .description('List reserved names.')
    .option('--limit <number>', 'at most so many', wholeNumber(1, MAX_PAGE))
    .option('--after <name>', 'only those behind this one')
    .action(({ limit, after }: Page, self: Command) =>
      withRelay(self, async (relay, output) => {
        const path = `/v1/reserved-names${query({ limit, after })}`
        const { names } = await relay.ask(NamesAnswer, 'GET', path)
        output.result({ names }, names.join('\n'))
      }),
    )
  for (const [verb, method, done] of [
    ['reserve', 'PUT', 'Reserved'],
    ['release', 'DELETE', 'Released'],
  ] as const) {
    withFolderOptions(command.command(`${verb} <names...>`))
      .description(
        verb === 'reserve'
          ? 'Reserve names. An account that has one already keeps it.'
          : 'Let names be registered again.',
      )
      .action((names: readonly string[], _options: unknown, self: Command) =>
        withRelay(self, async (relay, output) => {
          for (const name of names) await relay.tell(method, namePath(name))
          output.result({ names }, `${done} ${names.join(', ')}`)
        }),
      )
  }
  return command
}

/** `relay admin`: what the operator of a running relay asks and changes. */
export function adminCommand(): Command {
  const command = new Command('admin')
    .description('Look after the relay that runs at a folder (by its local socket).')
    .addCommand(invitesCommand())
    .addCommand(accountsCommand())
    .addCommand(namesCommand())
    .addHelpText(
      'after',
      `
Examples:
  relay admin statistics
  relay admin invites create --uses 5 --days 7
  relay admin accounts list --find a --limit 20
  relay admin accounts block mallory
  relay admin accounts quota ada --bytes 64MiB
  relay admin names reserve admin root support

Exit codes: 0 done · 1 refused or failed · 2 usage · 3 no relay runs there`,
    )
  withFolderOptions(command.command('statistics'))
    .description('Count accounts, devices, waiting envelopes, and registrations by day.')
    .action((_options: unknown, self: Command) =>
      withRelay(self, async (relay, output) => {
        showStatistics(await relay.ask(StatisticsAnswer, 'GET', '/v1/statistics'), output)
      }),
    )
  return command
}
