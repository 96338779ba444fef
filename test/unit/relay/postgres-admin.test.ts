import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { runRelayCommandLine } from '#relay/run-command-line.ts'
import { POSTGRES_PROGRAMS, PostgresServer } from '#test/helpers/postgres-server.ts'
import {
  CERTIFICATE,
  testAccount,
  testClient,
  testPrekeys,
  testRelay,
  testSigner,
  unwrap,
  type TestRelay,
} from './harness.ts'

const MISSING = POSTGRES_PROGRAMS === null
const WHY = MISSING ? ' (skipped: this machine has no PostgreSQL; Debian: postgresql)' : ''

describe.skipIf(MISSING)(`looking after a relay over PostgreSQL${WHY}`, () => {
  let server: PostgresServer
  let databases = 0
  let url: string
  let folder: string
  let client: RelayClient
  const running: TestRelay[] = []

  beforeAll(async () => {
    server = await PostgresServer.create('admin')
    await server.start()
  })
  afterAll(() => server.remove())
  beforeEach(async () => {
    databases += 1
    await server.query(`CREATE DATABASE relay${databases}`)
    url = server.url.replace(/postgres$/, `relay${databases}`)
    folder = mkdtempSync(join(tmpdir(), 'sotto-admin-'))
    // As a secret of a container comes.
    writeFileSync(join(folder, 'database-url'), `${url}\n`)
    vi.stubEnv('SOTTO_RELAY_DATABASE_FILE', join(folder, 'database-url'))
    vi.stubEnv('SOTTO_RELAY_WITHOUT_STANDBYS', 'true')
    client = testClient()
    expect(await json('migrate')).toMatchObject({ from: 0 })
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await client.close()
    for (const relay of running.splice(0)) await relay.close()
    rmSync(folder, { recursive: true })
  })

  /** A process of the relay; its folder has its lock and its socket. */
  async function start(name: string, change = {}): Promise<TestRelay> {
    const dataDir = join(folder, name)
    const blobs = join(folder, 'blobs')
    const options = { database: url, withoutStandbys: true, dataDir, blobs }
    const relay = await testRelay({ ...options, registration: 'open', ...change })
    running.push(relay)
    return relay
  }

  async function run(...args: readonly string[]) {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const exitCode = await runRelayCommandLine(args, { stdout, stderr })
    stdout.end()
    stderr.end()
    return { exitCode, stdout: await text(stdout), stderr: await text(stderr) }
  }

  async function json(...args: readonly string[]): Promise<unknown> {
    const { exitCode, stdout, stderr } = await run(...args, '--json')
    expect([exitCode, stderr]).toEqual([0, ''])
    return JSON.parse(stdout)
  }

  test('each process has a socket of its own, and what one is told holds at all', async () => {
    await start('one')
    const two = await start('two')
    const admin = (...args: string[]) => json('admin', ...args, '--data', join(folder, 'one'))
    const { token } = await testAccount(two, client, 'mallory')
    const deposit = () =>
      client.deposit(two.host, {
        envelopeId: randomBytes(16),
        deviceId: 1,
        token,
        envelope: new Uint8Array(100),
      })
    unwrap(await deposit())
    await admin('accounts', 'block', 'mallory')
    expect(await deposit()).toMatchObject({ error: { code: 'MAILBOX_FULL' } })
    await admin('accounts', 'unblock', 'mallory')
    unwrap(await deposit())
    await admin('accounts', 'quota', 'mallory', '--bytes', '250')
    expect(await deposit()).toMatchObject({ error: { code: 'MAILBOX_FULL' } })
    await admin('names', 'reserve', 'acme')
    expect(await client.nameFree(two.host, 'acme')).toMatchObject({
      error: { code: 'NAME_RESERVED' },
    })
    const register = client.register(
      two.host,
      testSigner('acme'),
      { certificate: CERTIFICATE },
      null,
    )
    expect(await register).toMatchObject({ error: { code: 'NAME_RESERVED' } })
    expect(await json('admin', 'statistics', '--data', join(folder, 'two'))).toMatchObject({
      accounts: 1,
      waiting: 2,
      waitingBytes: 200,
      restoredAtMs: null,
    })
  })

  test('the socket may lie elsewhere, as a setting says', async () => {
    const adminSocket = join(folder, 'elsewhere.sock')
    const relay = await start('one', { adminSocket })
    await testAccount(relay, client, 'alice')
    vi.stubEnv('SOTTO_RELAY_ADMIN_SOCKET', adminSocket)
    expect(await json('admin', 'accounts', 'list')).toMatchObject({
      accounts: [{ name: 'alice', devices: 1 }],
    })
  })

  test('invite codes are made with and without a relay', async () => {
    const early = (await json('invite-code')) as { code: string }
    const relay = await start('one', { registration: 'invite' })
    const made = (await json('admin', 'invites', 'create', '--data', join(folder, 'one'))) as {
      code: string
    }
    for (const [name, { code }] of [
      ['early', early],
      ['late', made],
    ] as const) {
      unwrap(
        await client.register(relay.host, testSigner(name), { certificate: CERTIFICATE }, code),
      )
    }
  })

  test('after an older copy was restored, a new era begins and sessions end', async () => {
    const before = await start('one')
    const { signer } = await testAccount(before, client, 'alice')
    await before.close()
    running.length = 0
    expect(await json('new-era')).toMatchObject({ database: expect.stringContaining('127.0.0.1') })
    const after = await start('one')
    const statistics = await json('admin', 'statistics', '--data', join(folder, 'one'))
    expect(statistics).toMatchObject({ accounts: 1, restoredAtMs: expect.any(Number) })
    // What was signed before could be repeated: its nonce is forgotten.
    const fresh = testClient()
    expect(await fresh.publishPrekeys(after.host, signer, testPrekeys(1, 1, 1))).toMatchObject({
      error: { code: 'OVERLOADED' },
    })
    await fresh.close()
  })

  test('backups are left to PostgreSQL, and commands without a database say so', async () => {
    for (const command of [
      ['backup', '--to', folder],
      ['restore', '--from', join(folder, 'x.db')],
    ]) {
      const { exitCode, stderr } = await run(...command)
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/is in PostgreSQL/)])
    }
    vi.unstubAllEnvs()
    for (const command of ['migrate', 'move', 'new-era']) {
      const { exitCode, stderr } = await run(command)
      expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/Say which database/)])
    }
  })
})
