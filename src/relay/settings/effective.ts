import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { relayConfig, type RelayConfig } from '../config.ts'
import { systemReason } from '../system-error.ts'
import { parseText, SETTINGS, VARIABLE_PREFIX, type Setting, type SettingValue } from './setting.ts'

const CONFIG_VARIABLE = `${VARIABLE_PREFIX}CONFIG`
const FROM_FILE = '_FILE'

/** Something is wrong about the settings: one sentence that says which, from where, and what is allowed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
}

/** Where settings come from. Each is a text, but those of the configuration file. */
export interface SettingSources {
  /** By flag (`--port`). */
  readonly flags: Readonly<Record<string, string>>
  /** `name=value`, from `--set`. */
  readonly assignments: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** From `--config`; otherwise `SOTTO_RELAY_CONFIG` names one, or there is none. */
  readonly configFile: string | null
}

export interface EffectiveSetting {
  readonly setting: Setting
  readonly value: SettingValue
  /** The flag, variable or file that it comes from; `default`. */
  readonly source: string
}

/** A value as it was given, not checked yet. */
interface Given {
  readonly value: unknown
  /** Texts are read as what the setting wants; values of a file are that already. */
  readonly isText: boolean
  readonly source: string
  /** How an error calls it. */
  readonly called: string
}

const DEFAULTS: Readonly<Record<string, SettingValue>> = {
  dataDir: join(homedir(), '.sotto-relay'),
  logLevel: 'warn',
}

async function readSettingsFile(path: string, named: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new SettingsError(`${named} cannot be read (${path}): ${systemReason(cause)}.`, { cause })
  }
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The settings of a configuration file, by name. */
function flatten(
  group: Readonly<Record<string, unknown>>,
  path: string,
  file: string,
): (readonly [string, unknown])[] {
  return Object.entries(group).flatMap(([key, value]) => {
    const name = `${path}${key}`
    if (SETTINGS.some((setting) => setting.name === name)) return [[name, value] as const]
    const known = SETTINGS.some((setting) => setting.name.startsWith(`${name}.`))
    if (known && isGroup(value)) return flatten(value, `${name}.`, file)
    throw new SettingsError(
      known
        ? `"${name}" in ${file} must be a group of settings in braces.`
        : `There is no setting "${name}" (${file}). "relay config" lists all.`,
    )
  })
}

async function fromFile(path: string | null): Promise<Map<string, Given>> {
  const given = new Map<string, Given>()
  if (path === null) return given
  const text = await readSettingsFile(path, 'The configuration file')
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw new SettingsError(`The configuration file ${path} is not valid JSON.`, { cause })
  }
  if (!isGroup(parsed)) {
    throw new SettingsError(`The configuration file ${path} must be a JSON object.`)
  }
  for (const [name, value] of flatten(parsed, '', path)) {
    given.set(name, { value, isText: false, source: path, called: `"${name}" in ${path}` })
  }
  return given
}

async function fromEnvironment(env: SettingSources['env']): Promise<Map<string, Given>> {
  const given = new Map<string, Given>()
  for (const [variable, text] of Object.entries(env)) {
    // An empty one is not set: that is what templates make of a value that is missing.
    if (!variable.startsWith(VARIABLE_PREFIX) || variable === CONFIG_VARIABLE) continue
    if (text === undefined || text === '') continue
    const direct = SETTINGS.find((setting) => setting.variable === variable)
    const byFile = SETTINGS.find((setting) => `${setting.variable}${FROM_FILE}` === variable)
    const setting = direct ?? byFile
    if (setting === undefined) {
      throw new SettingsError(
        `There is no setting for the environment variable ${variable}. "relay config" lists all.`,
      )
    }
    if (given.has(setting.name)) {
      throw new SettingsError(`${setting.variable} is set both directly and by ${FROM_FILE}.`)
    }
    const value =
      direct === undefined ? (await readSettingsFile(text, `The file of ${variable}`)).trim() : text
    given.set(setting.name, { value, isText: true, source: variable, called: variable })
  }
  return given
}

function fromCommandLine({ flags, assignments }: SettingSources): Map<string, Given> {
  const given = new Map<string, Given>()
  for (const assignment of assignments) {
    const [name = '', ...rest] = assignment.split('=')
    if (!SETTINGS.some((setting) => setting.name === name)) {
      throw new SettingsError(
        `There is no setting "${name}" (--set name=value). "relay config" lists all.`,
      )
    }
    const source = `--set ${name}`
    given.set(name, { value: rest.join('='), isText: true, source, called: source })
  }
  for (const setting of SETTINGS) {
    const value = setting.flag === null ? undefined : flags[setting.flag]
    if (value === undefined || setting.flag === null) continue
    given.set(setting.name, { value, isText: true, source: setting.flag, called: setting.flag })
  }
  return given
}

function check(setting: Setting, given: Given): SettingValue {
  const { value, isText } = given
  const parsed = isText && typeof value === 'string' ? parseText(setting, value) : value
  if (setting.accepts(parsed)) return parsed
  const orNull = !isText && setting.nullable ? ', or null' : ''
  throw new SettingsError(`${given.called} must be ${setting.allowed}${orNull}.`)
}

/**
 * Puts the settings together: flags before the environment, before the file, before the defaults.
 * @throws SettingsError where one is unknown or not allowed.
 */
export async function effectiveSettings(
  sources: SettingSources,
): Promise<readonly EffectiveSetting[]> {
  const layers = [
    fromCommandLine(sources),
    await fromEnvironment(sources.env),
    await fromFile(sources.configFile ?? (sources.env[CONFIG_VARIABLE] || null)),
  ]
  return SETTINGS.map((setting) => {
    // All are checked, so that a wrong one does not lie in wait below another.
    const checked = layers
      .flatMap((layer) => layer.get(setting.name) ?? [])
      .map((given) => ({ setting, value: check(setting, given), source: given.source }))
    const byDefault = DEFAULTS[setting.name] ?? setting.default
    return checked[0] ?? { setting, value: byDefault, source: 'default' }
  })
}

/** The value of one setting that is a text. */
export function textSetting(
  settings: readonly EffectiveSetting[],
  name: 'dataDir' | 'database' | 'adminSocket' | 'tlsCert' | 'tlsKey',
): string | null {
  const value = settings.find(({ setting }) => setting.name === name)?.value
  return typeof value === 'string' ? value : null
}

/**
 * The configuration that the settings make, certificates read.
 * @throws SettingsError where they don't go together.
 */
export async function configOf(settings: readonly EffectiveSetting[]): Promise<RelayConfig> {
  const certificate = textSetting(settings, 'tlsCert')
  const key = textSetting(settings, 'tlsKey')
  if ((certificate === null) !== (key === null)) {
    throw new SettingsError('A certificate and its key go together: set both tlsCert and tlsKey.')
  }
  const tls =
    certificate === null || key === null
      ? null
      : {
          cert: await readSettingsFile(certificate, 'The certificate'),
          key: await readSettingsFile(key, 'The key of the certificate'),
        }
  const options: Record<string, unknown> = { tls }
  for (const { setting, value } of settings) {
    const path = setting.name.split('.')
    const last = path.pop()
    if (last === undefined || last === 'tlsCert' || last === 'tlsKey') continue
    let group = options
    for (const part of path) group = (group[part] ??= {}) as Record<string, unknown>
    group[last] = value
  }
  const config = relayConfig(options)
  if (config.ok) return config.value
  const reason = String(config.error.cause).replace(/\.$/, '')
  throw new SettingsError(`The settings do not fit: ${reason}.`)
}
