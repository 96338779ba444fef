import Type, { type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { RelayConfig } from '../config.ts'

/** Groups of settings are in their names: a value is one, or a list of texts. */
export type SettingValue = string | number | boolean | null | readonly string[]

type SettingKind = 'text' | 'number' | 'boolean' | 'choice' | 'list'

/** One thing that an operator can set, in one of four ways. */
export interface Setting {
  /** As in the configuration file, groups separated by dots: `limits.mailboxBytes`. */
  readonly name: string
  /** Environment variable. */
  readonly variable: string
  /** Flag of the command line; `null` where only `--set` sets it. */
  readonly flag: string | null
  readonly kind: SettingKind
  readonly choices: readonly string[]
  /** What is allowed, in words that follow "must be". */
  readonly allowed: string
  readonly nullable: boolean
  readonly default: SettingValue
  accepts(value: unknown): value is SettingValue
}

export const VARIABLE_PREFIX = 'SOTTO_RELAY_'

/** As much of JSON Schema as the configuration uses. */
interface Node {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Node[]
  readonly properties?: Readonly<Record<string, TSchema>>
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
}

function isSettingValue(value: unknown): value is SettingValue {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string')
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}

const separated = (name: string, separator: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `${separator}${letter}`).replaceAll('.', separator)

/** `--data` is shorter than its name; it was there first. */
const FLAGS: Readonly<Record<string, string>> = { dataDir: '--data' }

function allowedText(node: Node, choices: readonly string[]): string {
  if (choices.length > 0) return `one of ${choices.join(', ')}`
  if (node.type === 'boolean') return 'true or false'
  if (node.type === 'array') return 'a list of names, separated by commas'
  if (node.type === 'integer') {
    const { minimum = 0, maximum } = node
    return maximum === undefined
      ? `a whole number from ${minimum}`
      : `a whole number from ${minimum} to ${maximum}`
  }
  if (node.pattern !== undefined) return 'an origin such as https://relay.example.org'
  return 'a text that is not empty'
}

function leafSetting(name: string, node: Node & TSchema): Setting {
  const options = node.anyOf ?? [node]
  const nullable = options.some(({ type }) => type === 'null')
  const real = options.filter(({ type }) => type !== 'null')
  const choices = real.flatMap((option) => (typeof option.const === 'string' ? [option.const] : []))
  const [first = node] = real
  const kinds: Readonly<Record<string, SettingKind>> = {
    integer: 'number',
    boolean: 'boolean',
    array: 'list',
  }
  const validator = Compile(node)
  return {
    name,
    variable: `${VARIABLE_PREFIX}${separated(name, '_').toUpperCase()}`,
    flag: name.includes('.') ? null : (FLAGS[name] ?? `--${separated(name, '-').toLowerCase()}`),
    kind: choices.length > 0 ? 'choice' : (kinds[first.type ?? ''] ?? 'text'),
    choices,
    allowed: allowedText(first, choices),
    nullable,
    default: isSettingValue(node.default) ? node.default : null,
    accepts: (value): value is SettingValue => isSettingValue(value) && validator.Check(value),
  }
}

function settingsOf(properties: Readonly<Record<string, TSchema>>, group: string): Setting[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const node: Node & TSchema = schema
    return node.properties === undefined
      ? [leafSetting(`${group}${key}`, node)]
      : settingsOf(node.properties, `${group}${key}.`)
  })
}

const { tls: _tls, ...plain } = RelayConfig.properties
const file = (): TSchema =>
  Type.Union([Type.String({ minLength: 1 }), Type.Null()], { default: null })

/**
 * Everything that can be set, from the schema of the configuration. Certificates are named by their files here, while
 * {@link RelayConfig} has what is in them.
 */
export const SETTINGS: readonly Setting[] = settingsOf(
  { ...plain, tlsCert: file(), tlsKey: file() },
  '',
)

/** Reads a setting's value from a text. @returns `undefined` where it is not one. */
export function parseText(setting: Setting, text: string): SettingValue | undefined {
  let value: SettingValue | undefined = text
  if (setting.kind === 'number') value = /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (setting.kind === 'list') value = text === '' ? [] : text.split(',')
  if (setting.kind === 'boolean') value = { true: true, false: false }[text]
  return value !== undefined && setting.accepts(value) ? value : undefined
}

/** A value as it may be shown: without the password of a URL. Those of databases may name several hosts. */
export function shownValue(value: SettingValue): SettingValue {
  if (typeof value !== 'string') return value
  // Up to the last @, lest the rest of a password that is not encoded is shown.
  const masked = value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^:/?#@]*):.*@/is, '$1:***@')
  return masked.replaceAll(/([?&][^=&#]*(?:password|secret|key)[^=&#]*=)[^&#]*/gi, '$1***')
}
