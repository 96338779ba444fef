import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

// What is in deploy, read by the programs that it is for, where this computer has them (Debian: caddy, prometheus).

const ROOT = new URL('../../../', import.meta.url).pathname
const PROMTOOL = isThere('promtool', '--version')
const CADDY = isThere('caddy', 'version')

function isThere(program: string, argument: string): boolean {
  try {
    execFileSync(program, [argument], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function run(program: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, SOTTO_DOMAIN: 'relay.example.org' }
  const { stdout } = await promisify(execFile)(program, args, { cwd: ROOT, env })
  return stdout
}

test.skipIf(!PROMTOOL)('Prometheus takes its configuration (needs promtool)', async () => {
  const told = await run('promtool', 'check', 'config', 'deploy/monitoring/prometheus.yaml')
  expect(told).toContain('1 rule files found')
})

test.skipIf(!PROMTOOL)('alerts fire when they should, and only then (needs promtool)', async () => {
  const told = await run('promtool', 'test', 'rules', 'test/unit/relay/alerts.promtool.yaml')
  expect(told).toContain('SUCCESS')
})

test.skipIf(!CADDY).each(['deploy/Caddyfile', 'deploy/Caddyfile.cluster'])(
  'Caddy takes %s, and logs nothing of requests (needs caddy)',
  async (path) => {
    const adapted = await run(
      'caddy',
      'adapt',
      '--adapter',
      'caddyfile',
      '--config',
      join(ROOT, path),
    )
    const { logging } = JSON.parse(adapted) as {
      logging: { logs: { default: { encoder: { fields: unknown } } } }
    }
    expect(logging.logs.default.encoder.fields).toEqual({ request: { filter: 'delete' } })
  },
)
