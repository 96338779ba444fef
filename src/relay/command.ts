import { Command, InvalidArgumentError, Option } from 'commander'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { relayConfig, type RelayConfig, type RelayOptions } from './config.ts'
import { moveRelay } from './move/move.ts'
import {
  describeDatabase,
  parseDatabaseUrl,
  type DatabaseAddress,
} from './postgres/database-url.ts'
import { beginEra } from './postgres/era.ts'
import { migratePostgres } from './postgres/schema.ts'
import { createInviteCode, DATABASE_FILE, startRelay } from './relay.ts'

interface Flags {
  readonly host?: string
  readonly port?: number
  readonly data: string
  readonly database?: string
  readonly withoutStandbys?: true
  readonly wakeUp?: RelayConfig['wakeUp']
  readonly registration?: RelayConfig['registration']
  readonly inviteOnly?: true
  readonly powBits?: number
  readonly publicUrl?: string
  readonly trustProxy?: true
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly metricsPort?: number
  readonly logLevel?: RelayConfig['logLevel']
  readonly config?: string
  readonly json?: true
}

const DAY_MS = 24 * 60 * 60_000
const DEFAULT_DATA = join(homedir(), '.sotto-relay')

function integer(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** Where the password of the database is not seen in the list of processes. */
const DATABASE_VARIABLE = 'SOTTO_RELAY_DATABASE'

function databaseOptions(
  flags: Pick<Flags, 'database' | 'withoutStandbys' | 'wakeUp'>,
): RelayOptions {
  const database = flags.database ?? process.env[DATABASE_VARIABLE]
  return {
    ...(database !== undefined && { database }),
    ...(flags.withoutStandbys && { withoutStandbys: true }),
    ...(flags.wakeUp !== undefined && { wakeUp: flags.wakeUp }),
  }
}

function checked(options: RelayOptions): RelayConfig {
  const config = relayConfig(options)
  if (!config.ok) throw new Error(`The configuration is not valid: ${String(config.error.cause)}`)
  return config.value
}

async function readOptions(flags: Flags): Promise<RelayOptions> {
  const file =
    flags.config === undefined
      ? {}
      : (JSON.parse(await readFile(flags.config, 'utf8')) as RelayOptions)
  const { tlsCert, tlsKey } = flags
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new Error('--tls-cert and --tls-key go together.')
  }
  const given: RelayOptions = {
    ...databaseOptions(flags),
    ...(flags.host !== undefined && { host: flags.host }),
    ...(flags.port !== undefined && { port: flags.port }),
    ...(flags.registration !== undefined && { registration: flags.registration }),
    ...(flags.inviteOnly && { registration: 'invite' as const }),
    ...(flags.powBits !== undefined && { powBits: flags.powBits }),
    ...(flags.publicUrl !== undefined && { publicUrl: flags.publicUrl }),
    ...(flags.trustProxy && { trustProxy: true }),
    ...(flags.metricsPort !== undefined && { metricsPort: flags.metricsPort }),
    ...(flags.logLevel !== undefined && { logLevel: flags.logLevel }),
    ...(tlsCert !== undefined &&
      tlsKey !== undefined && {
        tls: { cert: await readFile(tlsCert, 'utf8'), key: await readFile(tlsKey, 'utf8') },
      }),
  }
  return { logLevel: 'warn', dataDir: flags.data, ...file, ...given }
}

function print(flags: { readonly json?: true }, data: Record<string, unknown>, text: string): void {
  process.stdout.write(`${flags.json ? JSON.stringify(data) : text}\n`)
}

/** Ends the command with one plain sentence instead of a stack. */
function fail(cause: unknown): void {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exitCode = 1
}

/** For the operator's eyes: without the user and the password of a database. */
function whereDataIs({ database, dataDir }: RelayConfig): {
  readonly dataDir: string | null
  readonly database: string | null
} {
  const address = database === null ? null : parseDatabaseUrl(database)
  if (address?.ok !== true) return { dataDir, database: null }
  return { dataDir: null, database: describeDatabase(address.value) }
}

function givenDatabase(flags: Flags): DatabaseAddress {
  const { database } = checked(databaseOptions(flags))
  const address = database === null ? null : parseDatabaseUrl(database)
  if (address?.ok !== true) throw new Error('Say which database: --database postgres://…')
  return address.value
}

async function migrate(flags: Flags): Promise<void> {
  const address = givenDatabase(flags)
  const { from, to } = await migratePostgres(address)
  const where = describeDatabase(address)
  print(flags, { database: where, from, to }, `${where}: version ${from} -> ${to}`)
}

async function newEra(flags: Flags): Promise<void> {
  const address = givenDatabase(flags)
  await beginEra(address, flags.withoutStandbys === true)
  const where = describeDatabase(address)
  print(flags, { database: where }, `${where}: a new era has begun; start the relays again`)
}

async function move(flags: Flags): Promise<void> {
  const { where, tables } = await moveRelay(join(flags.data, DATABASE_FILE), givenDatabase(flags))
  const lines = tables.map(
    ({ table, rows, digest }) => `${table.padEnd(16)} ${String(rows).padStart(12)}  ${digest}`,
  )
  print(flags, { where, tables }, `Moved to ${where}, the same at both:\n${lines.join('\n')}`)
}

async function run(flags: Flags): Promise<void> {
  const config = checked(await readOptions(flags))
  const { registration } = config
  const relay = await startRelay(config)
  const data = whereDataIs(config)
  print(
    flags,
    { event: 'ready', url: relay.url, metricsUrl: relay.metricsUrl, ...data, registration },
    `Sotto relay ready at ${relay.url}\nRegistration: ${registration} · data: ${data.database ?? data.dataDir ?? 'in memory'} · Ctrl+C ends it`,
  )
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await relay.close()
  print(flags, { event: 'closed' }, 'Sotto relay closed')
}

/** `sotto relay`: runs a relay until it is told to end, and makes invite codes. */
export function relayCommand(): Command {
  const command = new Command('relay')
    .description('Run a relay: it stores sealed envelopes until their receivers fetch them.')
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port to listen on; 0 takes a free one (default: 8443)', integer)
    .option('--data <folder>', 'folder of the database', DEFAULT_DATA)
    .option(
      '--database <url>',
      `postgres://… of a cluster, instead of a folder (or ${DATABASE_VARIABLE})`,
    )
    .option('--without-standbys', 'one database server is enough: its loss is a loss')
    .addOption(
      new Option('--wake-up <way>', 'how relays over one database wake each other').choices([
        'listen',
        'poll',
      ]),
    )
    .addOption(
      new Option(
        '--registration <policy>',
        'who may register: anybody, whoever has done some work, or by invite code (default: work)',
      ).choices(['open', 'work', 'invite']),
    )
    .option('--invite-only', 'the same as --registration invite')
    .option('--pow-bits <bits>', 'leading zero bits of the work (default: 18)', integer)
    .option('--public-url <origin>', 'https://host that clients use, where a proxy stands before')
    .option(
      '--trust-proxy',
      'believe X-Forwarded-* of the proxy right before (only where there is one)',
    )
    .option('--tls-cert <file>', 'certificate chain (PEM)')
    .option('--tls-key <file>', 'private key of the certificate (PEM)')
    .option('--metrics-port <number>', 'serve /metrics on this port', integer)
    .addOption(
      new Option('--log-level <level>', 'what to log').choices([
        'silent',
        'error',
        'warn',
        'info',
        'debug',
      ]),
    )
    .option('--config <file>', 'JSON with any setting, limits and rates included')
    .option('--json', 'print one JSON line per event')
    .addHelpText(
      'after',
      `
Examples:
  relay --port 8443 --data ./relay-data
  relay --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
  relay --invite-only & relay invite-code --uses 5
  relay migrate --database postgres://relay@db1,db2,db3/sotto && relay --database postgres://relay@db1,db2,db3/sotto`,
    )
    .action((flags: Flags) => run(flags).catch(fail))

  command
    .command('invite-code')
    .description('Make a code that lets people register; the relay may be running.')
    .option('--data <folder>', 'folder of the database', DEFAULT_DATA)
    .option('--uses <number>', 'how many may register with it', integer, 1)
    .option('--days <number>', 'how long it is good', integer, 30)
    .option('--json', 'print JSON')
    .action((_flags, self: Command) => {
      const flags: Flags & { uses: number; days: number } = self.optsWithGlobals()
      const expiresAtMs = Date.now() + flags.days * DAY_MS
      return Promise.resolve()
        .then(() => checked({ dataDir: flags.data, ...databaseOptions(flags) }))
        .then((config) => createInviteCode(config, { uses: flags.uses, expiresAtMs }))
        .then((code) => print(flags, { code, uses: flags.uses, expiresAtMs }, code))
        .catch(fail)
    })

  command
    .command('migrate')
    .description('Bring the tables of a PostgreSQL database to the newest version; relays may run.')
    .action((_flags, self: Command) => migrate(self.optsWithGlobals()).catch(fail))

  command
    .command('new-era')
    .description(
      'Say that an older copy of a PostgreSQL database was restored; relays must not run.',
    )
    .action((_flags, self: Command) => newEra(self.optsWithGlobals()).catch(fail))

  command
    .command('move')
    .description('Move a relay that does not run from its folder (--data) to an empty --database.')
    .action((_flags, self: Command) => move(self.optsWithGlobals()).catch(fail))
  return command
}
