import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import { testAccount, testClient, unwrap, until } from '../unit/relay/harness.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const READY_WITHIN_MS = 60_000

interface Manifest {
  readonly name: string
  readonly version: string
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

describe('the relay, packed and installed alone in an empty folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-installed-'))
  const command = join(folder, 'sotto-relay.js')
  const data = join(folder, 'data')
  let child: ChildProcess | null = null

  beforeAll(() => {
    const packed = execFileSync(process.execPath, ['tools/pack-relay.ts'], { cwd: ROOT })
    const tarball = join(ROOT, packed.toString('utf8').trim())
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'])
    const flags = ['--no-audit', '--no-fund', '--omit=dev', '--loglevel=error']
    execFileSync('npm', ['ci', ...flags], { cwd: folder })
  }, 5 * 60_000)
  afterAll(() => {
    child?.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  })

  /** Runs the installed command to its end, by this Node. */
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [command, ...args], { encoding: 'utf8' })

  test('its tree has nothing of Electron, the page, the keychain or the tools', () => {
    const manifests = globSync('**/node_modules/{*,@*/*}/package.json', { cwd: folder })
    const installed = manifests.map((path) => readJson<Manifest>(join(folder, path)).name)
    expect(installed).toContain('fastify')
    expect(installed.length).toBeLessThan(120)
    const foreign =
      /electron|react|keytar|vite|playwright|chromium|typescript|i18next|zustand|keyring/
    expect(installed.filter((name) => foreign.test(name))).toEqual([])
    const bundle = readFileSync(command, 'utf8')
    const imports = [...bundle.matchAll(/(?:from|import\(|require\()\s*["']([^"'.]+)["']/g)]
    const imported = new Set(imports.map(([, name = '']) => name))
    expect(imported).toContain('fastify')
    expect([...imported].filter((name) => foreign.test(name))).toEqual([])
  })

  test('has exactly the versions that are locked, and names no registry', () => {
    const text = readFileSync(join(folder, 'npm-shrinkwrap.json'), 'utf8')
    expect(text).not.toMatch(/"resolved"|https?:/)
    const lock = JSON.parse(text) as {
      packages: Record<string, { version: string; integrity?: string }>
    }
    const names = Object.keys(lock.packages).filter((path) => path !== '')
    expect(names.length).toBeGreaterThan(20)
    for (const path of names) {
      expect(lock.packages[path]?.integrity).toMatch(/^sha512-/)
      const installed = readJson<Manifest>(join(folder, path, 'package.json')).version
      expect([path, installed]).toEqual([path, lock.packages[path]?.version])
    }
  })

  test('is a program', () => {
    expect(statSync(command).mode & 0o111).toBe(0o111)
  })

  test('says its version, and ends with 2 on a wrong command line', () => {
    expect(run('--version').trim()).toBe(readJson<Manifest>(join(ROOT, 'package.json')).version)
    expect(() => run('--prot', '1')).toThrow(expect.objectContaining({ status: 2 }) as Error)
  })

  test('runs: an account is registered, an envelope deposited and fetched, and it is backed up', async () => {
    child = spawn(
      process.execPath,
      [command, '--port', '0', '--data', data, '--pow-bits', '0', '--json'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    if (child.stdout === null) throw new TypeError('the output is not piped')
    const lines = createInterface({ input: child.stdout })
    const signal = AbortSignal.timeout(READY_WITHIN_MS)
    const [line] = (await once(lines, 'line', { signal })) as [string]
    const { url } = JSON.parse(line) as { url: string }
    const { host, port } = new URL(url)
    const client = testClient()
    const { signer, token } = await testAccount(
      { url, host, metricsUrl: null, close: async () => undefined },
      client,
      'alice',
    )
    const envelopeId = randomBytes(16)
    const envelope = randomBytes(500)
    unwrap(await client.deposit(host, { envelopeId, deviceId: 1, token, envelope }))
    const received: string[] = []
    const subscription = client.subscribe(host, signer, 0, {
      received: async (batch) => void received.push(...batch.map((one) => encodeHex(one.envelope))),
      drained: () => undefined,
      stateChanged: () => undefined,
    })
    await until(() => received.length > 0)
    expect(received).toEqual([encodeHex(envelope)])
    await subscription.close()
    await client.close()
    expect(run('health', '--port', port).trim()).toBe('ready')
    expect(JSON.parse(run('admin', 'statistics', '--data', data, '--json'))).toMatchObject({
      accounts: 1,
    })
    run('backup', '--data', data, '--to', join(folder, 'backup.db'))
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    run('restore', '--data', join(folder, 'again'), '--from', join(folder, 'backup.db'))
    expect(existsSync(join(folder, 'again/relay.db'))).toBe(true)
  })
})
