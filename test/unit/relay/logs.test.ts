import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { AdminClient } from '#relay/admin/client.ts'
import { AccountAnswer, InviteAnswer } from '#relay/admin/api.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeBase64Url, encodeHex } from '#shared/bytes.ts'
import {
  call,
  CERTIFICATE,
  signed,
  testAccount,
  testClient,
  testPrekeys,
  testRelay,
  testSigner,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

/** An address of a person, as a proxy reports it. */
const ADDRESS = '203.0.113.77'
const NAME = 'conspicuous-alice'
const BODY = 'a body nobody may log'

interface Line {
  readonly msg: string
  readonly level: number
  readonly route?: string
  readonly method?: string
}

describe('the log', () => {
  let folder: string
  let relay: TestRelay
  const texts: string[] = []
  let client: RelayClient
  beforeEach(async () => {
    texts.length = 0
    client = testClient()
    folder = mkdtempSync(join(tmpdir(), 'sotto-logs-'))
    relay = await start()
  })
  afterEach(async () => {
    await client.close()
    await relay.close()
    rmSync(folder, { recursive: true })
  })

  function start(): Promise<TestRelay> {
    return testRelay(
      { dataDir: folder, logLevel: 'debug', trustProxy: true, metricsPort: 0 },
      { logTo: { write: (text) => void texts.push(text) } },
    )
  }

  const lines = (): readonly Line[] =>
    texts.flatMap((text) => text.trim().split('\n')).map((text) => JSON.parse(text) as Line)

  test('has a line for every route, and in none a name, an address, a token or a body', async () => {
    const { signer, token, label } = await testAccount(relay, client, NAME)
    const from = { 'x-forwarded-for': ADDRESS }
    const envelopeId = randomBytes(16)
    const envelope = new TextEncoder().encode(BODY)
    const idempotencyKey = randomBytes(16)
    unwrap(await client.publishPrekeys(relay.host, signer, testPrekeys(1, 1, 2)))
    unwrap(await client.prekeysLeft(relay.host, signer))
    unwrap(await client.fetchIdentity(relay.host, NAME))
    unwrap(await client.fetchBundles(relay.host, NAME, idempotencyKey))
    unwrap(await client.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope }))
    const received: unknown[] = []
    const subscription = client.subscribe(relay.host, signer, 0, {
      received: async (batch) => void received.push(...batch),
      drained: () => undefined,
      stateChanged: () => undefined,
    })
    await until(() => received.length > 0)
    await subscription.close()

    // By hand, with what can be wrong about them.
    const id = encodeBase64Url(envelopeId)
    const secrets = { 'sotto-delivery-token': encodeBase64Url(token), 'sotto-device': '1', ...from }
    const invite = 'an-invite-code-for-one'
    const group = encodeBase64Url(randomBytes(32))
    const requests: readonly (readonly [string, string, Record<string, string>?, unknown?])[] = [
      ['GET', '/v1/info', from],
      ['GET', `/v1/names/${NAME}`, from],
      ['GET', `/v1/accounts/${NAME}`, from],
      ['GET', `/v1/accounts/${NAME}x`, from],
      ['GET', `/${NAME}?secret=${id}`, from],
      ['PATCH', `/v1/accounts/${NAME}`, from],
      ['PUT', `/v1/envelopes/${id}`, secrets, envelope],
      ['PUT', `/v1/envelopes/${NAME}`, secrets, envelope],
      [
        'PUT',
        `/v1/knocks/${id}`,
        { 'sotto-account': NAME, 'sotto-device': '1', ...from },
        envelope,
      ],
      ['POST', '/v1/accounts', from, { name: NAME, inviteCode: invite }],
      ['POST', '/v1/accounts', from, `{"name":"${NAME}",`],
      ['POST', '/v1/sessions', signed(relay, testSigner(NAME), 'POST', '/v1/sessions', '{}'), '{}'],
      ['GET', '/v1/envelopes?wait=0', from],
      ['POST', '/v1/acks', from, { ids: [id] }],
      ['GET', '/v1/stream', from],
      ['GET', '/v1/log', from],
      ['GET', '/v1/log/consistency?from=1&to=2', from],
      ['GET', `/v1/log/names/${NAME}`, from],
      ['POST', '/v1/envelopes:batch', secrets, envelope],
      ['POST', `/v1/groups/${group}/commits`, { 'sotto-group-token': group, ...from }, envelope],
      ['GET', `/v1/groups/${group}/commits`, { 'sotto-group-token': group, ...from }],
      ['OPTIONS', '/v1/blobs', from],
      ['POST', '/v1/blobs', { 'upload-length': '10', ...from }],
      ['HEAD', `/v1/blobs/${id}`, from],
      ['PATCH', `/v1/blobs/${id}`, from, envelope],
      ['DELETE', `/v1/blobs/${id}`, from],
      ['GET', `/v1/blobs/${id}`, from],
      ['GET', '/healthz', from],
      ['GET', '/readyz', from],
      ['GET', '/openapi.json', from],
    ]
    for (const [method, path, headers, body] of requests) {
      await call(relay, method, path, { ...(headers && { headers }), body })
    }
    const admin = new AdminClient(join(folder, 'admin.sock'), folder)
    const created = await admin.ask(InviteAnswer, 'POST', '/v1/invites', {
      uses: 1,
      expiresAtMs: Date.now() + 60_000,
    })
    await admin.ask(AccountAnswer, 'PUT', `/v1/accounts/${NAME}/block`, { blocked: true })
    await admin.ask(AccountAnswer, 'PUT', `/v1/accounts/${NAME}/block`, { blocked: false })
    const described = await call(relay, 'GET', '/openapi.json')
    unwrap(await client.deleteAccount(relay.host, signer))
    await relay.close()

    const { paths } = described.body as { paths: Record<string, Record<string, unknown>> }
    const offered = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ),
    )
    const logged = new Set(lines().map(({ method, route }) => `${method} ${route}`))
    expect(offered.length).toBeGreaterThan(12)
    expect(offered.filter((route) => !logged.has(route))).toEqual([])

    const all = texts.join('')
    const forbidden = {
      name: 'conspicuous',
      address: ADDRESS,
      token: encodeBase64Url(token),
      'token in hex': encodeHex(token),
      label: encodeBase64Url(label),
      'envelope id': id,
      'group id and token': group,
      body: BODY,
      'body in base64url': encodeBase64Url(envelope),
      certificate: encodeBase64Url(CERTIFICATE),
      'idempotency key': encodeBase64Url(idempotencyKey),
      'signing key': encodeBase64Url(signer.signingKey.subarray(1, 33)),
      'invite code': invite,
      'made invite code': created.code,
    }
    const found = Object.entries(forbidden).filter(([, text]) => all.includes(text))
    expect(found).toEqual([])
    // Nobody's address, but that on which the relay listens.
    const ours = new RegExp(`https?://${new URL(relay.url).hostname}:\\d+`, 'g')
    expect(all.replaceAll(ours, '')).not.toMatch(/\d+\.\d+\.\d+\.\d+|::ffff/)
  })

  test('tells what went wrong inside in a line of its own, with its cause, but nothing of the request', async () => {
    await relay.close()
    texts.length = 0
    const storage = openSqliteStorage({ path: ':memory:', onFatal: () => undefined })
    const broken = { ...storage, findAccount: () => Promise.reject(new Error('the disk is odd')) }
    relay = await testRelay(
      { logLevel: 'warn' },
      { storage: broken, logTo: { write: (text) => void texts.push(text) } },
    )
    expect(await call(relay, 'GET', `/v1/accounts/${NAME}`)).toMatchObject({
      status: 500,
      code: 'INTERNAL',
    })
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 50,
        msg: 'request failed',
        cause: expect.stringContaining('the disk is odd') as string,
      }),
    ])
    expect(texts.join('')).not.toContain(NAME)
  })

  test('at its usual level says nothing while nothing is wrong', async () => {
    await relay.close()
    texts.length = 0
    relay = await testRelay(
      { logLevel: 'warn' },
      { logTo: { write: (text) => void texts.push(text) } },
    )
    await testAccount(relay, client, NAME)
    await call(relay, 'GET', '/v1/nothing')
    expect(texts).toEqual([])
  })
})
