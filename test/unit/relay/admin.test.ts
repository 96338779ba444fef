import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { ConnectionState } from '#core/ports.ts'
import { adminSocketPath } from '#relay/admin/socket-path.ts'
import { FolderInUseError } from '#relay/relay.ts'
import { runRelayCommandLine } from '#relay/run-command-line.ts'
import type { RelayClient } from '#relay-client/client.ts'
import {
  call,
  CERTIFICATE,
  signed,
  testAccount,
  testClient,
  testRelay,
  testSigner,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

describe('relay admin', () => {
  let folder: string
  let relay: TestRelay
  let client: RelayClient
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-admin-'))
    relay = await testRelay({ dataDir: folder, registration: 'open' })
    client = testClient()
  })
  afterEach(async () => {
    await client.close()
    await relay.close()
    rmSync(folder, { recursive: true })
  })

  /** Runs a command as an operator does. */
  async function run(...args: readonly string[]) {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const exitCode = await runRelayCommandLine([...args, '--data', folder], { stdout, stderr })
    stdout.end()
    stderr.end()
    return { exitCode, stdout: await text(stdout), stderr: await text(stderr) }
  }

  async function json(...args: readonly string[]): Promise<unknown> {
    const { exitCode, stdout, stderr } = await run('admin', ...args, '--json')
    expect([exitCode, stderr]).toEqual([0, ''])
    return JSON.parse(stdout)
  }

  /** One request to the socket, by hand. */
  function raw(
    method: string,
    path: string,
    body?: string,
  ): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          socketPath: join(folder, 'admin.sock'),
          method,
          path,
          headers: body === undefined ? {} : { 'content-type': 'application/json' },
        },
        (response) => {
          text(response).then(
            (answer) => resolve({ status: response.statusCode ?? 0, body: answer }),
            reject,
          )
        },
      )
      outgoing.once('error', reject)
      outgoing.end(body)
    })
  }

  test('the socket is for the own user alone, and gone when the relay has ended', async () => {
    const path = join(folder, 'admin.sock')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await relay.close()
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
    const { exitCode, stderr } = await run('admin', 'statistics')
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/^No relay runs at .*\. Start it, or name its folder with --data\.\n$/)
    relay = await testRelay()
  })

  test('a second relay at the same folder is refused, and the first one goes on', async () => {
    await expect(testRelay({ dataDir: folder })).rejects.toThrow(FolderInUseError)
    expect(await raw('GET', '/v1/statistics')).toMatchObject({ status: 200 })
  })

  test('what a killed relay left behind is no obstacle, a foreign file is not removed', async () => {
    await relay.close()
    // As after a kill -9: a socket nobody listens on.
    const left = spawn(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(join(folder, 'admin.sock'))}, () => process.kill(process.pid, 'SIGKILL'))`,
    ])
    await once(left, 'close')
    expect(statSync(join(folder, 'admin.sock')).isSocket()).toBe(true)
    relay = await testRelay({ dataDir: folder })
    await relay.close()
    writeFileSync(join(folder, 'admin.sock'), 'not a socket')
    await expect(testRelay({ dataDir: folder })).rejects.toThrow(/is not a socket/)
    relay = await testRelay()
  })

  test('invites are made, listed, spent and revoked', async () => {
    const made = (await json('invites', 'create', '--uses', '2', '--days', '3')) as {
      id: string
      code: string
      expiresAtMs: number
    }
    const other = (await json('invites', 'create')) as { id: string }
    expect(made.expiresAtMs).toBeGreaterThan(Date.now() + 2 * 24 * 60 * 60_000)
    await relay.close()
    relay = await testRelay({ dataDir: folder, registration: 'invite' })
    const certificate = { certificate: CERTIFICATE }
    unwrap(await client.register(relay.host, testSigner('ada'), certificate, made.code))
    const { invites } = (await json('invites', 'list')) as { invites: unknown[] }
    expect(invites).toHaveLength(2)
    expect(invites).toContainEqual({ id: made.id, usesLeft: 1, expiresAtMs: made.expiresAtMs })
    expect(await json('invites', 'revoke', made.id)).toEqual({ revoked: made.id })
    expect(
      await client.register(relay.host, testSigner('ben'), certificate, made.code),
    ).toMatchObject({ error: { code: 'INVITE_CODE_INVALID' } })
    expect(await json('invites', 'list')).toMatchObject({ invites: [{ id: other.id }] })
    expect(await run('admin', 'invites', 'revoke', made.id)).toMatchObject({ exitCode: 1 })
    expect(await run('admin', 'invites', 'revoke', 'x')).toMatchObject({ exitCode: 2 })
  })

  test('a blocked account cannot sign in, receive or change anything, and can again after', async () => {
    const { signer, token } = await testAccount(relay, client, 'mallory')
    const states: ConnectionState[] = []
    const received: unknown[] = []
    const subscription = client.subscribe(relay.host, signer, 0, {
      received: async (batch) => void received.push(...batch),
      drained: () => undefined,
      stateChanged: (state) => states.push(state),
    })
    await until(() => states.at(-1)?.kind === 'online')
    const blocked = await json('accounts', 'block', 'mallory')
    expect(blocked).toMatchObject({ name: 'mallory', blockedAtMs: expect.any(Number) as number })

    // The open stream ends, and coming back is refused.
    const offline = (): ConnectionState | undefined => states.find(({ kind }) => kind === 'offline')
    await until(() => offline() !== undefined)
    expect(offline()).toMatchObject({ code: 'ACCOUNT_BLOCKED' })
    // With the session it still has, by its key, and by registering again.
    expect(
      await client.putTokens(relay.host, signer, { add: [], revoke: [randomBytes(32)] }),
    ).toMatchObject({
      error: { code: 'ACCOUNT_BLOCKED' },
    })
    const fresh = testClient()
    for (const attempt of [
      fresh.putTokens(relay.host, signer, { add: [], revoke: [randomBytes(32)] }),
      fresh.deleteAccount(relay.host, signer),
      fresh.register(relay.host, signer, { certificate: CERTIFICATE }, null),
    ]) {
      expect(await attempt).toMatchObject({ error: { code: 'ACCOUNT_BLOCKED' } })
    }
    await fresh.close()
    // Strangers learn nothing: wrong signatures stay wrong, and for senders the mailbox is just full.
    const wrong = signed(relay, testSigner('mallory'), 'POST', '/v1/sessions', '{"deviceId":1}')
    expect(
      await call(relay, 'POST', '/v1/sessions', { body: '{"deviceId":1}', headers: wrong }),
    ).toMatchObject({ status: 401, code: 'UNAUTHORIZED' })
    const deposit = () =>
      client.deposit(relay.host, {
        envelopeId: randomBytes(16),
        deviceId: 1,
        token,
        envelope: Uint8Array.of(1),
      })
    expect(await deposit()).toMatchObject({ error: { code: 'MAILBOX_FULL' } })

    await json('accounts', 'unblock', 'mallory')
    unwrap(await deposit())
    subscription.reconnectNow()
    await until(() => received.length === 1)
    await subscription.close()
  })

  test('a blocked account stays blocked when the relay starts again', async () => {
    const { signer } = await testAccount(relay, client, 'mallory')
    await json('accounts', 'block', 'mallory')
    await relay.close()
    relay = await testRelay({ dataDir: folder })
    expect(
      await client.putTokens(relay.host, signer, { add: [], revoke: [randomBytes(32)] }),
    ).toMatchObject({
      error: { code: 'ACCOUNT_BLOCKED' },
    })
  })

  test('accounts are listed, shown, given quotas, and deleted once it is confirmed', async () => {
    for (const name of ['ada', 'alan', 'ben']) await testAccount(relay, client, name)
    const names = async (...args: readonly string[]) => {
      const { accounts } = (await json('accounts', 'list', ...args)) as {
        accounts: { name: string }[]
      }
      return accounts.map(({ name }) => name)
    }
    expect(await names()).toEqual(['ada', 'alan', 'ben'])
    expect(await names('--find', 'a', '--after', 'ada')).toEqual(['alan'])
    expect(await names('--limit', '1')).toEqual(['ada'])
    const quotas = await json('accounts', 'quota', 'ada', '--bytes', '1KiB', '--tokens', '3')
    expect(quotas).toMatchObject({
      quotas: { mailboxEnvelopes: null, mailboxBytes: 1024, tokens: 3 },
    })
    expect(await json('accounts', 'quota', 'ada', '--tokens', 'default')).toMatchObject({
      quotas: { mailboxBytes: 1024, tokens: null },
    })
    const shown = await run('admin', 'accounts', 'show', 'ada')
    expect(shown.stdout).toMatch(/^ada, since .*\nTokens: 1\nQuotas: default envelopes, 1024 bytes/)
    expect(await run('admin', 'accounts', 'delete', 'ada')).toMatchObject({ exitCode: 2 })
    expect(await names()).toContain('ada')
    await json('accounts', 'delete', 'ada', '--yes')
    expect(await names()).toEqual(['alan', 'ben'])
    const missing = await run('admin', 'accounts', 'show', 'ada', '--json')
    expect(missing.exitCode).toBe(1)
    expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: 'ACCOUNT_UNKNOWN' } })
  })

  test('reserved names cannot be registered', async () => {
    await json('names', 'reserve', 'acme', 'acme-support')
    expect(await client.nameFree(relay.host, 'acme')).toMatchObject({
      error: { code: 'NAME_RESERVED' },
    })
    const register = () =>
      client.register(relay.host, testSigner('acme'), { certificate: CERTIFICATE }, null)
    expect(await register()).toMatchObject({ error: { code: 'NAME_RESERVED' } })
    expect(await json('names', 'list')).toEqual({ names: ['acme', 'acme-support'] })
    await json('names', 'release', 'acme')
    unwrap(await register())
    expect(await run('admin', 'names', 'reserve', 'No Name')).toMatchObject({ exitCode: 2 })
  })

  test('statistics count', async () => {
    const { token } = await testAccount(relay, client, 'ada')
    const envelope = Uint8Array.of(1, 2, 3)
    const deposit = { envelopeId: randomBytes(16), deviceId: 1, token, envelope }
    unwrap(await client.deposit(relay.host, deposit))
    const day = new Date().toISOString().slice(0, 10)
    expect(await json('statistics')).toMatchObject({
      accounts: 1,
      devices: 1,
      streams: 0,
      waiting: 1,
      waitingBytes: 3,
      registrations: [{ day, accounts: 1 }],
      restoredAtMs: null,
    })
    expect((await run('admin', 'statistics')).stdout).toMatch(/^Waiting envelopes +1 \(3 bytes\)$/m)
  })

  test.each([
    ['POST', '/v1/invites', '{"uses":0,"expiresAtMs":1}', 400],
    ['POST', '/v1/invites', '{"uses":1,"expiresAtMs":1,"more":1}', 400],
    ['POST', '/v1/invites', '{', 400],
    ['POST', '/v1/invites', `"${'x'.repeat(5_000)}"`, 413],
    ['GET', '/v1/invites?limit=1001', undefined, 400],
    ['GET', '/v1/accounts?frobnicate=1', undefined, 400],
    ['PUT', '/v1/accounts/ada/quotas', '{"mailboxBytes":-1}', 400],
    ['DELETE', '/v1/invites/xyz', undefined, 400],
    ['GET', '/v1/nothing', undefined, 404],
  ])('%s %s with %s is refused with %i', async (method, path, body, status) => {
    expect((await raw(method, path, body)).status).toBe(status)
  })
})

describe('the place of the socket', () => {
  test('is in the folder, as configured, or a pipe on Windows', () => {
    expect(adminSocketPath('/srv/relay', null, 'linux')).toBe('/srv/relay/admin.sock')
    expect(adminSocketPath('/srv/relay', '/run/sotto.sock', 'linux')).toBe('/run/sotto.sock')
    expect(adminSocketPath(null, null, 'linux')).toBeNull()
    expect(adminSocketPath('/srv/relay', null, 'win32')).toMatch(
      /^\\\\\.\\pipe\\sotto-relay-[0-9a-f]{16}$/,
    )
    expect(() => adminSocketPath(`/srv/${'x'.repeat(100)}`, null, 'linux')).toThrow(RangeError)
  })
})
