import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runRelayCommandLine } from '#relay/run-command-line.ts'
import { configOf, effectiveSettings } from '#relay/settings/effective.ts'
import { SETTINGS } from '#relay/settings/setting.ts'
import { testRelay } from './harness.ts'

const ROOT = new URL('../../../', import.meta.url).pathname
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const FILES = globSync('deploy/**/*', { cwd: ROOT, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))

/** Of the PostgreSQL engine, which has settings of its own. */
const DATABASE_SETTINGS = ['SOTTO_RELAY_DATABASE']

interface Service {
  readonly image?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly volumes?: readonly string[]
  readonly networks?: readonly string[]
  readonly secrets?: readonly string[]
  readonly depends_on?: readonly string[] | Readonly<Record<string, unknown>>
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly networks?: Readonly<Record<string, unknown>>
  readonly secrets?: Readonly<Record<string, unknown>>
}

const compose = (path: string): Compose => parse(read(path), { merge: true }) as Compose

/** What `relay config` makes of arguments. */
async function configured(args: readonly string[]): Promise<number> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  return runRelayCommandLine(['config', ...args], { stdout, stderr })
}

describe('what is in deploy', () => {
  test('names no setting that a relay does not have', () => {
    const known = new Set(
      [
        ...SETTINGS.map(({ variable }) => variable),
        ...DATABASE_SETTINGS,
        'SOTTO_RELAY_CONFIG',
      ].flatMap((variable) => [variable, `${variable}_FILE`]),
    )
    const named = [...FILES, 'docs/SELF-HOSTING.md'].flatMap((file) =>
      (read(file).match(/SOTTO_RELAY_[A-Z_]+/g) ?? []).map((variable) => `${file}: ${variable}`),
    )
    expect(named.length).toBeGreaterThan(10)
    expect(named.filter((one) => !known.has(one.split(': ')[1] ?? ''))).toEqual([])
  })

  test('has an example configuration that is one', async () => {
    const configFile = join(ROOT, 'deploy/relay.json')
    const settings = await effectiveSettings({ flags: {}, assignments: [], env: {}, configFile })
    expect(await configOf(settings)).toMatchObject({ trustProxy: true, metricsPort: 9464 })
  })

  test.each(['deploy/compose.yaml', 'deploy/compose.cluster.yaml'])(
    '%s has values that a relay takes, and refers only to what it has',
    async (path) => {
      const { services, volumes, networks = {}, secrets = {} } = compose(path)
      for (const [name, service] of Object.entries(services)) {
        const env = Object.fromEntries(
          Object.entries(service.environment ?? {})
            .filter(([variable]) => !DATABASE_SETTINGS.some((one) => variable.startsWith(one)))
            .map(([variable, value]) => [
              variable,
              // As compose fills them in.
              value
                .replaceAll(/\$\{SOTTO_DOMAIN[^}]*\}/g, 'relay.example.org')
                .replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'),
            ]),
        )
        const settings = await effectiveSettings({
          flags: {},
          assignments: [],
          env,
          configFile: null,
        })
        await configOf(settings)

        // Containers that can do no more than they must.
        expect([name, service.cap_drop]).toEqual([name, ['ALL']])
        expect([name, service.security_opt]).toEqual([name, ['no-new-privileges:true']])
        expect([name, service.read_only]).toEqual([name, true])
        expect(service.image).toMatch(/^sotto-relay$|:[\w.]*\d/)

        const dependsOn = Object.keys(service.depends_on ?? {})
        const needed = Array.isArray(service.depends_on)
          ? (service.depends_on as string[])
          : dependsOn
        for (const other of needed) expect(Object.keys(services)).toContain(other)
        for (const network of service.networks ?? [])
          expect(Object.keys(networks)).toContain(network)
        for (const secret of service.secrets ?? []) expect(Object.keys(secrets)).toContain(secret)
        for (const volume of service.volumes ?? []) {
          const [source = ''] = volume.replace(/^\$\{\w+:-([^}]*)\}/, '$1').split(':')
          if (source.startsWith('./')) expect(FILES).toContain(join('deploy', source))
          else expect(Object.keys(volumes)).toContain(source)
        }
      }
    },
  )

  test('the image runs as nobody in particular, checks its health, and has the files it copies', () => {
    const lines = read('deploy/Dockerfile').replaceAll('\\\n', ' ').split('\n')
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')))
    const of = (word: string): string | undefined =>
      last.find((line) => line.startsWith(`${word} `))
    expect(of('USER')).toBe('USER relay')
    expect(of('HEALTHCHECK')).toContain('CMD ["sotto-relay", "health"]')
    expect(of('ENTRYPOINT')).toBe('ENTRYPOINT ["sotto-relay"]')
    const copied = lines.filter((line) => /^COPY (?!--from)/.test(line))
    const sources = copied.flatMap((line) => line.split(/\s+/).slice(1, -1))
    expect(sources).toEqual(['package.json', 'package-lock.json', '.npmrc', '.'])
    for (const source of sources) expect(existsSync(join(ROOT, source))).toBe(true)
  })

  test.each(globSync('deploy/systemd/*.service', { cwd: ROOT }))(
    '%s starts a command that there is, with flags that it takes',
    async (path) => {
      const line = /^ExecStart=(.*)$/m.exec(read(path))?.[1] ?? ''
      const [program, ...args] = line.split(' ')
      expect(program).toBe('/usr/local/bin/sotto-relay')
      if (args[0] === 'backup') {
        const stdout = new PassThrough()
        const help = runRelayCommandLine(['backup', '--help'], {
          stdout,
          stderr: new PassThrough(),
        })
        expect(await help).toBe(0)
        stdout.end()
        const shown = await text(stdout)
        for (const flag of args.filter((one) => one.startsWith('--'))) expect(shown).toContain(flag)
      } else {
        const own = args.map((arg) =>
          arg === '/etc/sotto-relay/relay.json' ? join(ROOT, 'deploy/relay.json') : arg,
        )
        expect(await configured(own)).toBe(0)
      }
      expect(read(path)).toMatch(/^NoNewPrivileges=yes$/m)
    },
  )

  test('a port below 1024 is allowed by lifting what the service forbids', () => {
    const unit = read('deploy/systemd/sotto-relay.service').split('\n')
    const guide = read('docs/SELF-HOSTING.md')
    const dropIn = /printf '\[Service\]\\n([^']*CAP_NET_BIND_SERVICE[^']*)'/.exec(guide)?.[1] ?? ''
    const lifted = dropIn.split('\\n').filter((line) => line !== '')
    const CAPABILITY = 'CAP_NET_BIND_SERVICE'
    expect(lifted).toEqual([
      `CapabilityBoundingSet=${CAPABILITY}`,
      `AmbientCapabilities=${CAPABILITY}`,
      'PrivateUsers=no',
    ])
    for (const forbidden of [
      'CapabilityBoundingSet=',
      'AmbientCapabilities=',
      'PrivateUsers=yes',
    ]) {
      expect(unit).toContain(forbidden)
    }
  })

  test('whoever follows it has the commands that it names', () => {
    const named = [...FILES, 'docs/SELF-HOSTING.md'].filter((file) =>
      /\bsotto relay\b/.test(read(file)),
    )
    expect(named).toEqual([])
  })

  test('dashboard and alerts ask for metrics that a relay serves', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sotto-deploy-'))
    const relay = await testRelay({ dataDir: folder, metricsPort: 0 })
    try {
      await fetch(`${relay.url}/readyz`)
      const served = await (await fetch(relay.metricsUrl ?? '')).text()
      const names = new Set([...served.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name))
      const histograms = new Set(
        [...served.matchAll(/^# TYPE (\S+) histogram$/gm)].map(([, name]) => name),
      )
      const files = FILES.filter((file) => file.startsWith('deploy/monitoring/'))
      const asked = [...files, 'docs/SELF-HOSTING.md'].flatMap(
        (file) => read(file).match(/\b(sotto|nodejs|process)_[a-z0-9_]+/g) ?? [],
      )
      const isServed = (name: string): boolean => {
        const base = name.replace(/_(bucket|sum|count)$/, '')
        return names.has(name) || (base !== name && histograms.has(base))
      }
      expect(new Set(asked).size).toBeGreaterThan(15)
      expect(asked.filter((name) => !isServed(name))).toEqual([])
      // And what is served of our own is shown or watched.
      const shown = new Set(asked.map((name) => name.replace(/_(bucket|sum|count)$/, '')))
      const own = [...names].filter((name) => name?.startsWith('sotto_') === true)
      expect(own.filter((name) => !shown.has(name ?? ''))).toEqual([])
    } finally {
      await relay.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('the alerts are rules with words for a person', () => {
    const { groups } = parse(read('deploy/monitoring/alerts.yaml')) as {
      groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[]
    }
    const rules = groups.flatMap((group) => group.rules)
    expect(rules.length).toBeGreaterThan(5)
    for (const { expr, annotations } of rules) {
      expect(expr).toMatch(/\S/)
      expect(Object.keys(annotations)).toEqual(['summary', 'description'])
    }
  })

  test('the dashboard has panels whose queries have no parts missing', () => {
    const { panels } = JSON.parse(read('deploy/monitoring/grafana-dashboard.json')) as {
      panels: { id: number; targets: { expr: string }[] }[]
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { expr } of panels.flatMap(({ targets }) => targets)) {
      const count = (char: string): number => expr.split(char).length
      for (const [open, close] of ['()', '{}', '[]'].map((pair) => [...pair])) {
        expect([expr, count(open ?? '')]).toEqual([expr, count(close ?? '')])
      }
    }
  })
})
