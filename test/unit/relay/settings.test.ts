import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { relayConfig } from '#relay/config.ts'
import {
  configOf,
  effectiveSettings,
  SettingsError,
  type SettingSources,
} from '#relay/settings/effective.ts'
import { SETTINGS, shownValue } from '#relay/settings/setting.ts'

const NOTHING: SettingSources = { flags: {}, assignments: [], env: {}, configFile: null }

describe('settings', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sotto-settings-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  function file(content: unknown, name = 'relay.json'): string {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  async function valueOf(name: string, sources: Partial<SettingSources>) {
    const settings = await effectiveSettings({ ...NOTHING, ...sources })
    const found = settings.find(({ setting }) => setting.name === name)
    return [found?.value, found?.source]
  }

  async function refusal(sources: Partial<SettingSources>): Promise<string> {
    const outcome = await effectiveSettings({ ...NOTHING, ...sources }).catch(
      (cause: unknown) => cause,
    )
    if (!(outcome instanceof SettingsError))
      throw new Error('it was not refused', { cause: outcome })
    return outcome.message
  }

  test('come from flags before the environment, before the file, before the defaults', async () => {
    const configFile = file({
      port: 1,
      limits: { mailboxBytes: 1 },
      rates: { knocks: { burst: 1 } },
    })
    const env = { SOTTO_RELAY_PORT: '2', SOTTO_RELAY_LIMITS_MAILBOX_BYTES: '2' }
    const all = {
      configFile,
      env,
      flags: { '--port': '3' },
      assignments: ['limits.mailboxBytes=3'],
    }
    expect(await valueOf('port', {})).toEqual([8443, 'default'])
    expect(await valueOf('port', { configFile })).toEqual([1, configFile])
    expect(await valueOf('port', { configFile, env })).toEqual([2, 'SOTTO_RELAY_PORT'])
    expect(await valueOf('port', all)).toEqual([3, '--port'])
    expect(await valueOf('limits.mailboxBytes', all)).toEqual([3, '--set limits.mailboxBytes'])
    expect(await valueOf('rates.knocks.burst', all)).toEqual([1, configFile])
  })

  test('the environment may name the configuration file, and a file for each value', async () => {
    const configFile = file({ logLevel: 'debug' })
    const secret = file('http://relay.internal:8443\n', 'url')
    const env = { SOTTO_RELAY_CONFIG: configFile, SOTTO_RELAY_PUBLIC_URL_FILE: secret }
    expect(await valueOf('logLevel', { env })).toEqual(['debug', configFile])
    expect(await valueOf('publicUrl', { env })).toEqual([
      'http://relay.internal:8443',
      'SOTTO_RELAY_PUBLIC_URL_FILE',
    ])
  })

  test('an empty variable is not set', async () => {
    expect(await valueOf('port', { env: { SOTTO_RELAY_PORT: '' } })).toEqual([8443, 'default'])
  })

  test('make the same configuration as their parts', async () => {
    const settings = await effectiveSettings({
      ...NOTHING,
      flags: { '--data': '/srv/relay', '--trust-proxy': 'true', '--log-level': 'info' },
      assignments: ['rates.deposits.burst=7'],
    })
    const expected = relayConfig({
      dataDir: '/srv/relay',
      trustProxy: true,
      logLevel: 'info',
      rates: { deposits: { burst: 7, everyMs: 1_000 } },
    })
    expect(await configOf(settings)).toEqual(expected.ok && expected.value)
  })

  test('certificates are read from their files', async () => {
    const flags = { '--tls-cert': file('CERT', 'c.pem'), '--tls-key': file('KEY', 'k.pem') }
    const config = await configOf(await effectiveSettings({ ...NOTHING, flags }))
    expect(config.tls).toEqual({ cert: 'CERT', key: 'KEY' })
    const alone = await effectiveSettings({
      ...NOTHING,
      flags: { '--tls-key': flags['--tls-key'] },
    })
    await expect(configOf(alone)).rejects.toThrow(/go together/)
  })

  test.each<[Partial<SettingSources>, RegExp]>([
    [{ flags: { '--port': '70000' } }, /^--port must be a whole number from 0 to 65535\.$/],
    [{ flags: { '--port': '1e3' } }, /^--port must be/],
    [
      { flags: { '--registration': 'all' } },
      /^--registration must be one of open, work, invite\.$/,
    ],
    [{ env: { SOTTO_RELAY_TRUST_PROXY: 'yes' } }, /^SOTTO_RELAY_TRUST_PROXY must be true or false/],
    [
      { env: { SOTTO_RELAY_PROT: '1' } },
      /no setting for the environment variable SOTTO_RELAY_PROT/,
    ],
    [
      { env: { SOTTO_RELAY_PORT: '1', SOTTO_RELAY_PORT_FILE: '/x' } },
      /^SOTTO_RELAY_PORT is set both|^The file of SOTTO_RELAY_PORT_FILE cannot be read/,
    ],
    [{ assignments: ['limits.mailbox=1'] }, /no setting "limits\.mailbox"/],
    [{ assignments: ['limits.tokens=x'] }, /^--set limits\.tokens must be a whole number/],
    [{ flags: { '--public-url': 'https://u:p@x/' } }, /^--public-url must be an origin/],
    [{ configFile: '/nothing/here.json' }, /cannot be read \(.*\): there is no such file/],
    // A wrong value does not hide below one that goes before it.
    [{ flags: { '--port': '1' }, env: { SOTTO_RELAY_PORT: 'x' } }, /^SOTTO_RELAY_PORT must be/],
  ])('%j is refused in one sentence that names it', async (sources, says) => {
    const message = await refusal(sources)
    expect(message).toMatch(says)
    expect(message).not.toContain('\n')
  })

  test.each<[unknown, RegExp]>([
    ['{', /relay\.json is not valid JSON\.$/],
    [[], /must be a JSON object/],
    [{ limit: {} }, /^There is no setting "limit" \(.*relay\.json\)/],
    [{ limits: { mailbox: 1 } }, /^There is no setting "limits\.mailbox"/],
    [{ limits: 3 }, /^"limits" in .* must be a group of settings/],
    [{ port: '8443' }, /^"port" in .*relay\.json must be a whole number/],
    [{ port: { deep: 1 } }, /^"port" in .* must be a whole number/],
    [{ publicUrl: 3 }, /^"publicUrl" in .* must be an origin .*, or null\.$/],
    [{ tls: { cert: '', key: '' } }, /^There is no setting "tls"/],
  ])('a file with %j is refused', async (content, says) => {
    expect(await refusal({ configFile: file(content) })).toMatch(says)
  })

  test('a refused value is not repeated: it may be a secret', async () => {
    const env = { SOTTO_RELAY_PUBLIC_URL: 'postgres://relay:hunter2@db' }
    expect(await refusal({ env })).not.toContain('hunter2')
  })

  test.each([
    ['postgres://relay:hunter2@db/sotto', 'postgres://relay:***@db/sotto'],
    [
      'postgres://db/sotto?user=relay&password=hunter2',
      'postgres://db/sotto?user=relay&password=***',
    ],
    ['postgres://db/sotto', 'postgres://db/sotto'],
    [
      'postgres://relay:hunter2@db1:5432,db2:5433/sotto?sslmode=require',
      'postgres://relay:***@db1:5432,db2:5433/sotto?sslmode=require',
    ],
    // Not encoded as it must be, so it is refused where it is used, but shown before.
    ['postgres://relay:hun/t@er2@db/sotto', 'postgres://relay:***@db/sotto'],
    ['https://relay.example.org', 'https://relay.example.org'],
    ['/var/lib/sotto', '/var/lib/sotto'],
    [8443, 8443],
    [null, null],
  ])('%j is shown as %j', (value, shown) => {
    expect(shownValue(value)).toBe(shown)
  })

  test('a database comes from a file named by the environment, and its password is told nobody', async () => {
    const path = file('postgres://relay:hunter2@db1,db2/sotto\n', 'database-url')
    const env = { SOTTO_RELAY_DATABASE_FILE: path }
    const config = await configOf(await effectiveSettings({ ...NOTHING, env }))
    expect(config.database).toBe('postgres://relay:hunter2@db1,db2/sotto')
    const wrong = { SOTTO_RELAY_DATABASE: 'postgres://relay:hunter2@db1/sotto?sslmode=maybe' }
    const settings = await effectiveSettings({ ...NOTHING, env: wrong })
    const outcome = await configOf(settings).catch((cause: unknown) => cause)
    expect(outcome).toBeInstanceOf(SettingsError)
    expect(String(outcome)).toMatch(/do not fit: sslmode must be one of [^.]*\.$/)
    expect(String(outcome)).not.toContain('hunter2')
  })

  test('every one has a variable of its own, and every plain one a flag', () => {
    const variables = SETTINGS.map(({ variable }) => variable)
    expect(new Set(variables).size).toBe(SETTINGS.length)
    for (const { name, flag } of SETTINGS) expect(flag === null).toBe(name.includes('.'))
    // None is mistaken for the file of another.
    expect(variables.filter((one) => variables.includes(`${one}_FILE`))).toEqual([])
  })
})
