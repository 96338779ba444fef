import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RequestSigner } from '#core/ports.ts'
import { verifyChainProof } from '#crypto/key-log.ts'
import { verifyConsistency } from '#crypto/merkle-log.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { moveRelay } from '#relay/move/move.ts'
import { migratePostgres } from '#relay/postgres/schema.ts'
import { openPostgresStorage } from '#relay/postgres/storage.ts'
import type { DatabaseAddress } from '#relay/postgres/database-url.ts'
import { relayConfig, type RelayOptions } from '#relay/config.ts'
import { databasePath } from '#relay/data-folder.ts'
import { createInviteCode } from '#relay/relay.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import type { NewAccount, RelayStorage } from '#relay/storage.ts'
import { NO_QUOTAS } from '#relay/storage-admin.ts'
import {
  databaseAddress,
  POSTGRES_PROGRAMS,
  PostgresServer,
} from '#test/helpers/postgres-server.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import {
  testAccount,
  testClient,
  testPrekeys,
  testRelay,
  testSigner,
  until,
  unwrap,
  type TestRelay,
} from './harness.ts'

const MISSING = POSTGRES_PROGRAMS === null
const WHY = MISSING ? ' (skipped: this machine has no PostgreSQL; Debian: postgresql)' : ''
const ENVELOPES = 40
const ACKNOWLEDGED = 10
const NOW_MS = 1_700_000_000_000
const LIMITS = { envelopes: 100, bytes: 1e6, knocks: 1, idleMs: 1e9 }
const BLOCKED_AT_MS = 1_800_000_000_000

describe.skipIf(MISSING)(`moving a relay to PostgreSQL${WHY}`, () => {
  let server: PostgresServer
  let databases = 0
  let url: string
  let address: DatabaseAddress
  let folder: string
  let file: string
  let client: RelayClient

  beforeAll(async () => {
    server = await PostgresServer.create('move')
    await server.start()
  })
  afterAll(() => server.remove())
  beforeEach(async () => {
    databases += 1
    await server.query(`CREATE DATABASE target${databases}`)
    url = server.url.replace(/postgres$/, `target${databases}`)
    address = databaseAddress(url)
    await migratePostgres(address)
    folder = mkdtempSync(join(tmpdir(), 'sotto-move-'))
    file = databasePath(folder)
    client = testClient()
  })
  afterEach(async () => {
    await client.close()
    rmSync(folder, { recursive: true })
  })

  const onCluster = (options: RelayOptions = {}): Promise<TestRelay> =>
    testRelay({
      database: url,
      withoutStandbys: true,
      blobs: join(folder, 'blobs'),
      ...options,
    })

  interface Filled {
    readonly signer: RequestSigner
    readonly token: Uint8Array
    readonly ids: readonly Uint8Array[]
    readonly code: string
    readonly port: number
    readonly givenPrekeys: readonly (number | undefined)[]
    readonly request: Uint8Array
  }

  function send(relay: TestRelay, token: Uint8Array, envelopeId: Uint8Array) {
    const envelope = new Uint8Array(3_000).fill(envelopeId[0] ?? 0)
    return client.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope })
  }

  async function receive(
    relay: TestRelay,
    signer: RequestSigner,
    count: number,
  ): Promise<readonly Uint8Array[]> {
    const received: Uint8Array[] = []
    const subscription = client.subscribe(relay.host, signer, 0, {
      received: async (batch) => {
        received.push(...batch.map(({ envelopeId }) => envelopeId))
      },
      drained: () => undefined,
      stateChanged: () => undefined,
    })
    await until(() => received.length >= count)
    await subscription.close()
    return received
  }

  async function takePrekey(relay: TestRelay, key: Uint8Array): Promise<number | undefined> {
    const { bundles } = unwrap(await client.fetchBundles(relay.host, 'alice', key))
    return bundles[0]?.oneTimePrekey?.id
  }

  const openFile = (): RelayStorage =>
    openSqliteStorage({
      path: file,
      onFatal: (cause) => {
        throw cause
      },
    })

  const openTarget = (): Promise<RelayStorage> =>
    openPostgresStorage({
      address,
      withoutStandbys: true,
      wakeUp: 'listen',
      log: () => undefined,
    })

  /** What the operator of the relay has set, which does not run. */
  async function setRules(): Promise<void> {
    const storage = openFile()
    const [alice, bob] = [await storage.findAccount('alice'), await storage.findAccount('bob')]
    if (alice === null || bob === null) throw new Error('the accounts were not stored')
    await storage.setQuotas(alice.id, { ...NO_QUOTAS, tokens: 7 })
    await storage.setBlocked(bob.id, BLOCKED_AT_MS)
    for (const name of ['root', 'acme', 'help']) await storage.reserveName(name)
    await storage.close()
  }

  /** A relay with something in every table, ended. */
  async function fill(): Promise<Filled> {
    const relay = await testRelay({ dataDir: folder })
    const { signer, token } = await testAccount(relay, client, 'alice')
    unwrap(await client.publishPrekeys(relay.host, signer, testPrekeys(1, 1, 5)))
    const first = Array.from({ length: ACKNOWLEDGED }, () => randomBytes(16))
    for (const id of first) unwrap(await send(relay, token, id))
    await receive(relay, signer, ACKNOWLEDGED)
    const rest = Array.from({ length: ENVELOPES - ACKNOWLEDGED }, () => randomBytes(16))
    for (const id of rest) unwrap(await send(relay, token, id))
    const request = randomBytes(16)
    const givenPrekeys = [
      await takePrekey(relay, request),
      await takePrekey(relay, randomBytes(16)),
    ]
    await testAccount(relay, client, 'bob')
    const port = Number(new URL(relay.url).port)
    await relay.close()
    const config = valueOf(relayConfig({ dataDir: folder }))
    const code = await createInviteCode(config, { uses: 1, expiresAtMs: Date.now() + 60_000 })
    await setRules()
    return { signer, token, ids: [...first, ...rest], code, port, givenPrekeys, request }
  }

  test('takes everything along, and clients go on without noticing', async () => {
    const { signer, token, ids, port, givenPrekeys, request } = await fill()
    const { tables } = await moveRelay(file, address)
    const rows = Object.fromEntries(tables.map((table) => [table.table, table.rows]))
    expect(rows).toMatchObject({
      accounts: 2,
      devices: 2,
      certificates: 2,
      prekeys: 8,
      tokens: 2,
      envelope_ids: ENVELOPES,
      envelopes: ENVELOPES - ACKNOWLEDGED,
      bundle_replies: 2,
      invite_codes: 1,
      account_rules: 2,
      reserved_names: 3,
      meta: 4,
    })
    for (const { digest } of tables) expect(digest).toMatch(/^[0-9a-f]{64}$/)

    // On the same port, so that the client and its session find it again.
    const relay = await onCluster({ port })
    const waiting = await receive(relay, signer, ENVELOPES - ACKNOWLEDGED)
    expect(waiting.map((id) => Buffer.from(id).toString('hex'))).toEqual(
      ids.slice(ACKNOWLEDGED).map((id) => Buffer.from(id).toString('hex')),
    )
    // Seen before: acknowledged long ago, and not delivered again.
    unwrap(await send(relay, token, ids[0] as Uint8Array))
    const fresh = randomBytes(16)
    unwrap(await send(relay, token, fresh))
    expect(await receive(relay, signer, 1)).toEqual([Buffer.from(fresh)])
    expect(await takePrekey(relay, request)).toBe(givenPrekeys[0])
    const next = await takePrekey(relay, randomBytes(16))
    expect(next).toBeDefined()
    expect(givenPrekeys).not.toContain(next)
    await testAccount(relay, client, 'carol')
    await relay.close()
  })

  test('what the operator has set holds as before', async () => {
    await fill()
    await moveRelay(file, address)
    const storage = await openTarget()
    expect(await storage.describeAccount('alice')).toMatchObject({
      quotas: { ...NO_QUOTAS, tokens: 7 },
      blockedAtMs: null,
    })
    const bob = await storage.describeAccount('bob')
    expect(bob).toMatchObject({ quotas: NO_QUOTAS, blockedAtMs: BLOCKED_AT_MS })
    expect((await storage.blockedAccounts()).map(({ id }) => id)).toEqual([bob?.id])
    expect(await storage.reservedNames(null, 9)).toEqual(['acme', 'help', 'root'])
    await storage.close()
  })

  test('batches, groups and attachments move, and go on where they were', async () => {
    const before = openFile()
    const receiver = async (name: string) => {
      const device = { deviceId: 1, certificate: Uint8Array.of(1), inviteHash: null }
      await before.register({ name, signingKey: randomBytes(65), ...device }, NOW_MS)
      const found = await before.findAccount(name)
      const mailbox = found?.devices[0]?.mailbox
      if (found === null || mailbox === undefined) throw new Error('the account was not stored')
      const token = { hash: randomBytes(32), label: randomBytes(16), uses: null, expiresAtMs: null }
      await before.putTokens(found.id, { add: [token], revoke: [] }, 10, NOW_MS)
      return { id: found.id, mailbox, tokenHash: token.hash }
    }
    const [ada, ben] = [await receiver('ada'), await receiver('ben')]
    const batch = (storage: RelayStorage) => {
      const targets = [ada, ben].map(({ tokenHash }) => ({
        tokenHash,
        deviceId: 1,
        id: randomBytes(16),
      }))
      return storage.depositBatch({ body: Uint8Array.of(1, 2, 3), targets }, LIMITS, NOW_MS)
    }
    await batch(before)
    await batch(before)
    await before.acknowledge(ben.mailbox, { through: 1 })
    const group = randomBytes(32)
    const tokens = [randomBytes(32), randomBytes(32), randomBytes(32)] as const
    const commit = (epoch: 0 | 1) => ({
      group,
      epoch,
      tokenHash: tokens[epoch],
      nextTokenHash: tokens[epoch + 1] ?? tokens[2],
      body: Uint8Array.of(epoch),
    })
    const GROUP_LIMITS = { commits: 10, bytes: 1_000 }
    expect(await before.putCommit(commit(0), GROUP_LIMITS, 'group', NOW_MS)).toBe('stored')
    const id = randomBytes(16)
    const upload = { id, account: ada.id, length: 10, expiresAtMs: NOW_MS + 1_000 }
    await before.createBlob(upload, { blobs: 2, bytes: 100 }, NOW_MS)
    for (const key of ['lost', 'kept']) {
      await before.beginBlobPart({ blob: id, key, offset: 0 }, NOW_MS)
    }
    await before.finishBlobPart({ key: 'kept', length: 4 }, NOW_MS + 5_000)
    await before.close()

    const { tables } = await moveRelay(file, address)
    expect(Object.fromEntries(tables.map(({ table, rows }) => [table, rows]))).toMatchObject({
      ...{ envelopes: 3, shared_bodies: 2, groups: 1, group_commits: 1 },
      ...{ blobs: 1, blob_parts: 1, blob_trash: 1 },
    })

    const after = await openTarget()
    expect((await batch(after)).map(({ outcome }) => outcome)).toEqual(['stored', 'stored'])
    expect(await after.waiting(ada.mailbox, 0, 10, 1_000)).toHaveLength(3)
    const waiting = (await after.waiting(ben.mailbox, 0, 10, 1_000)) ?? []
    expect(waiting.map(({ body }) => [...body])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
    expect(await after.describeAccount('ada')).toMatchObject({ devices: [{ waitingBytes: 9 }] })
    for (const { mailbox } of [ada, ben]) await after.acknowledge(mailbox, { through: 3 })
    const client = new Client({ connectionString: url })
    await client.connect()
    expect((await client.query('SELECT id FROM sotto.shared_bodies')).rows).toEqual([])
    await client.end()
    expect(await after.putCommit(commit(0), GROUP_LIMITS, 'commit', NOW_MS)).toBe('seen')
    expect(await after.putCommit(commit(1), GROUP_LIMITS, 'commit', NOW_MS)).toBe('stored')
    expect(await after.findBlob(id, NOW_MS)).toMatchObject({ offset: 4, length: 10 })
    expect(await after.blobParts(id, 0, 10)).toEqual([{ key: 'kept', offset: 0, length: 4 }])
    expect(await after.blobTrash(NOW_MS + 1)).toEqual(['lost'])
    await after.close()
  })

  test('the log goes on where it was, under the same key', async () => {
    const listed = (name: string, version: number): NewAccount => ({
      name,
      signingKey: new Uint8Array(65).fill(4),
      deviceId: 1,
      certificate: Uint8Array.of(version),
      inviteHash: null,
      deviceList: { version, bytes: Uint8Array.of(version), deviceIds: [1] },
    })
    const before = openFile()
    for (const name of ['alice', 'bob', 'carol']) await before.register(listed(name, 1), 1)
    const removed = await before.findAccount('carol')
    if (removed === null) throw new Error('the account was not stored')
    await before.deleteAccount(removed.id)
    const old = await before.logHead()
    await before.close()
    await moveRelay(file, address)

    const after = await openTarget()
    expect(encodeHex(after.logKey)).toBe(encodeHex(before.logKey))
    expect(await after.logHead()).toEqual(old)
    await after.register(listed('alice', 2), 1)
    const head = await after.logHead()
    const path = await after.logConsistency(old.size, head.size)
    expect(verifyConsistency({ oldSize: old.size, oldRoot: old.root, ...head, path })).toBe(true)
    const at = { size: head.size, treeSize: head.size, after: 0, maxEntries: 9 }
    for (const [name, count] of Object.entries({ alice: 2, bob: 1, carol: 2 })) {
      const proof = await after.logChain(name, at)
      expect(proof && verifyChainProof(name, head, proof)).toMatchObject({ count })
    }
    await after.close()
  })

  test('a relay that was restored stays known as such', async () => {
    const restored = openFile()
    await restored.markRestored(BLOCKED_AT_MS)
    await restored.close()
    await moveRelay(file, address)
    const storage = await openTarget()
    expect(storage.restoredAtMs).toBe(BLOCKED_AT_MS)
    await storage.close()
  })

  test('the invite codes move too', async () => {
    const { code } = await fill()
    await moveRelay(file, address)
    const relay = await onCluster({ registration: 'invite' })
    const device = { certificate: Uint8Array.of(1) }
    unwrap(await client.register(relay.host, testSigner('dora'), device, code))
    await relay.close()
  })

  test('neither moves a relay that runs, nor lets one run that was moved', async () => {
    const running = await testRelay({ dataDir: folder })
    await expect(moveRelay(file, address)).rejects.toThrow('The relay still runs: end it first.')
    await running.close()
    await moveRelay(file, address)
    await expect(testRelay({ dataDir: folder })).rejects.toThrow(/was moved to 127\.0\.0\.1/)
    await expect(moveRelay(file, address)).rejects.toThrow(/was moved to .* already/)
  })

  test('repeated after an interruption, it checks what is there and finishes', async () => {
    await fill()
    // The file as it is before it is marked: the move ended between its commit and that.
    copyFileSync(file, join(folder, 'copy.db'))
    const first = await moveRelay(file, address)
    const second = await moveRelay(join(folder, 'copy.db'), address)
    expect(second.tables).toEqual(first.tables)
    await expect(moveRelay(join(folder, 'copy.db'), address)).rejects.toThrow(/already/)
  })

  test('a target that goes on by itself is left alone', async () => {
    const { token } = await fill()
    copyFileSync(file, join(folder, 'copy.db'))
    await moveRelay(file, address)
    const relay = await onCluster()
    unwrap(await send(relay, token, randomBytes(16)))
    await relay.close()
    await expect(moveRelay(join(folder, 'copy.db'), address)).rejects.toThrow(
      /is not the same at both/,
    )
  })

  test('a target of another relay is refused, and nothing of it or the file changes', async () => {
    await fill()
    const relay = await onCluster()
    await relay.close()
    await expect(moveRelay(file, address)).rejects.toThrow(/is not empty/)
    const again = await testRelay({ dataDir: folder })
    await again.close()
  })

  test('a table it does not know is not left behind unsaid', async () => {
    await fill()
    const database = new SQLite(file)
    database.exec('CREATE TABLE future (id INTEGER) STRICT')
    database.close()
    await expect(moveRelay(file, address)).rejects.toThrow(/cannot be moved yet: future/)
  })

  test('a missing file and a target without tables are told plainly', async () => {
    await expect(moveRelay(join(folder, 'none.db'), address)).rejects.toThrow(/There is no relay/)
    await fill()
    await server.query('CREATE DATABASE bare')
    const bare = databaseAddress(server.url.replace(/postgres$/, 'bare'))
    await expect(moveRelay(file, bare)).rejects.toThrow(/no tables yet/)
  })
})
