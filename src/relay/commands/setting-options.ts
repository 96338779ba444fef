import { Option, type Command } from 'commander'
import { adminSocketPath } from '../admin/socket-path.ts'
import type { StoragePlace } from '../open-storage.ts'
import {
  configOf,
  effectiveSettings,
  SettingsError,
  textSetting,
  type EffectiveSetting,
} from '../settings/effective.ts'
import { SETTINGS, type Setting } from '../settings/setting.ts'

const HELP: Readonly<Record<string, string>> = {
  host: 'address to listen on',
  port: 'port to listen on; 0 takes a free one',
  dataDir: 'folder of the database, and of the socket of "relay admin" (default: ~/.sotto-relay)',
  database: 'postgres://… of a cluster that holds everything, instead of a file in the folder',
  withoutStandbys: 'one server of that cluster is enough: its loss is a loss',
  wakeUp: 'how relays over one cluster wake each other: listen or poll',
  blobs: 'where attachments lie: a folder, or s3://bucket/prefix (default: in the folder)',
  registration:
    'who may register: anybody (open), whoever does some work (work), or by code (invite)',
  powBits: 'leading zero bits of the work',
  reservedNames: 'names that nobody may register, nor any that look like them (default: a list)',
  publicUrl: 'https://host that clients use, where a proxy stands before',
  trustProxy: 'believe X-Forwarded-* of the proxy right before (only where there is one)',
  tlsCert: 'certificate chain (PEM)',
  tlsKey: 'private key of the certificate (PEM)',
  metricsPort: 'serve /metrics on this port',
  metricsHost: 'address of /metrics (default: that of --host)',
  logLevel: 'what to log: silent, error, warn, info or debug (default: warn)',
  adminSocket: 'socket of "relay admin" (default: in the folder)',
  drainMs: 'how long /readyz says no before the relay stops listening',
  shutdownMs: 'how long running requests get at the end',
}

function optionOf(setting: Setting, flag: string): Option {
  const help = HELP[setting.name] ?? setting.name
  const byDefault =
    setting.default === null || setting.default === false || help.includes('(')
      ? ''
      : ` (default: ${String(setting.default)})`
  return new Option(setting.kind === 'boolean' ? flag : `${flag} <value>`, `${help}${byDefault}`)
}

const configOption = (): Option =>
  new Option('--config <file>', 'JSON with any setting, limits and rates included')

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]

/** Adds the flags of all settings that have one, `--set` for the others, and `--config`. */
export function withSettingOptions(command: Command): Command {
  for (const setting of SETTINGS) {
    if (setting.flag !== null) command.addOption(optionOf(setting, setting.flag))
  }
  return command
    .option('--invite-only', 'the same as --registration invite')
    .option('--set <name=value>', 'any setting; may be repeated', collect)
    .addOption(configOption())
}

function withSome(command: Command, names: readonly string[]): Command {
  for (const setting of SETTINGS) {
    const { flag, name } = setting
    if (flag !== null && names.includes(name)) command.addOption(optionOf(setting, flag))
  }
  return command.addOption(configOption()).option('--json', 'print JSON')
}

/** Adds the flags that say which relay is meant. */
export function withFolderOptions(command: Command): Command {
  return withSome(command, ['dataDir', 'adminSocket'])
}

/** Adds the flags that say where a relay keeps everything. */
export function withPlaceOptions(command: Command): Command {
  return withSome(command, ['dataDir', 'database', 'withoutStandbys'])
}

type FlagValue = string | boolean | readonly string[] | undefined

interface OtherFlags {
  readonly inviteOnly?: true
  readonly set?: readonly string[]
  readonly config?: string
}

/** The settings that a command line, its environment and its configuration file make. */
export function readSettings(command: Command): Promise<readonly EffectiveSetting[]> {
  const given = command.optsWithGlobals<OtherFlags & Readonly<Record<string, FlagValue>>>()
  const flags: Record<string, string> = {}
  for (const { flag } of SETTINGS) {
    if (flag === null) continue
    const value = given[new Option(flag).attributeName()]
    if (typeof value === 'string' || typeof value === 'boolean') flags[flag] = String(value)
  }
  if (given.inviteOnly) {
    if (flags['--registration'] === 'open') {
      throw new SettingsError('--invite-only and --registration open contradict each other.')
    }
    flags['--registration'] = 'invite'
  }
  return effectiveSettings({
    flags,
    assignments: given.set ?? [],
    env: process.env,
    configFile: given.config ?? null,
  })
}

/** The folder that has the database of the relay that a command is about. */
export async function readFolder(command: Command): Promise<string> {
  const settings = await readSettings(command)
  if (textSetting(settings, 'database') !== null) {
    throw new SettingsError(
      'This relay is in PostgreSQL, which has means of its own for that: docs/SELF-HOSTING.md, section 9.',
    )
  }
  const folder = textSetting(settings, 'dataDir')
  if (folder === null) throw new SettingsError('Name the folder of the relay: --data FOLDER.')
  return folder
}

/** Where the relay that a command is about keeps everything. */
export async function readPlace(command: Command): Promise<StoragePlace> {
  const settings = await readSettings(command)
  // Nothing is served: certificates that only the relay's user may read stay unread.
  return configOf(settings.filter(({ setting }) => !/^tls(Cert|Key)$/.test(setting.name)))
}

/** Where the relay that a command is about listens for its operator. */
export async function readAdminSocket(
  command: Command,
): Promise<{ readonly path: string; readonly where: string }> {
  const settings = await readSettings(command)
  const folder = textSetting(settings, 'dataDir')
  const path = adminSocketPath(folder, textSetting(settings, 'adminSocket'))
  if (path === null) throw new SettingsError('Name the folder of the relay: --data FOLDER.')
  return { path, where: folder ?? path }
}
