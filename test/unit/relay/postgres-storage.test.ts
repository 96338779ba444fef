import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { beginEra } from '#relay/postgres/era.ts'
import { Primary } from '#relay/postgres/primary.ts'
import { migratePostgres, SCHEMA_VERSION } from '#relay/postgres/schema.ts'
import { readStatistics } from '#relay/postgres/statistics.ts'
import { openPostgresStorage, type PostgresStorageOptions } from '#relay/postgres/storage.ts'
import { Transactions } from '#relay/postgres/transactions.ts'
import { DatabaseWakeUps } from '#relay/postgres/wake-ups.ts'
import {
  StorageUnavailableError,
  type AccountId,
  type MailboxId,
  type MailboxLimits,
  type RelayStorage,
} from '#relay/storage.ts'
import { RESTORE_JUMP } from '#relay/storage-admin.ts'
import { eventually } from '#test/helpers/eventually.ts'
import {
  databaseAddress,
  POSTGRES_PROGRAMS,
  PostgresServer,
} from '#test/helpers/postgres-server.ts'
import { call, testAccount, testClient, testRelay, until, unwrap } from './harness.ts'
import { batchConformance } from './batch-conformance.ts'
import { blobsConformance } from './blobs-conformance.ts'
import { groupsConformance } from './groups-conformance.ts'
import { adminConformance } from './storage-admin-conformance.ts'
import { storageConformance } from './storage-conformance.ts'

const MISSING = POSTGRES_PROGRAMS === null
const WHY = MISSING ? ' (skipped: this machine has no PostgreSQL; Debian: postgresql)' : ''
const LIMITS: MailboxLimits = { envelopes: 1e6, bytes: 1e9, knocks: 20, idleMs: 1e15 }
const NOW = 1_000
const TABLES = [
  'accounts',
  'log_nodes',
  'log_leaves',
  'log_chains',
  'envelopes',
  'envelope_ids',
  'nonces',
  'invite_codes',
  'reserved_names',
  'shared_bodies',
  'groups',
  'blob_trash',
  'presence',
]
const NEW_ACCOUNT = {
  signingKey: new Uint8Array(65).fill(4),
  deviceId: 1,
  certificate: Uint8Array.of(1),
  inviteHash: null,
  deviceList: { version: 1, bytes: Uint8Array.of(1), deviceIds: [1] },
}
const WAITING_COMMIT = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"

describe.skipIf(MISSING)(`the PostgreSQL engine${WHY}`, () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await PostgresServer.create('unit')
    await server.start()
    await migratePostgres(databaseAddress(server.url))
  })
  afterAll(() => server.remove())

  async function empty(): Promise<void> {
    const deletes = TABLES.map((table) => `DELETE FROM sotto.${table}`).join(';')
    await server.query(`DO 'BEGIN ${deletes}; END'`)
  }

  function open(change: Partial<PostgresStorageOptions> = {}): Promise<RelayStorage> {
    return openPostgresStorage({
      address: databaseAddress(server.url),
      withoutStandbys: true,
      wakeUp: 'listen',
      log: () => undefined,
      ...change,
    })
  }

  async function withToken(
    storage: RelayStorage,
  ): Promise<{ readonly tokenHash: Uint8Array; readonly mailbox: MailboxId }> {
    const name = `user-${Buffer.from(randomBytes(6)).toString('hex')}`
    const account = { name, signingKey: randomBytes(65), deviceId: 1, certificate: randomBytes(10) }
    await storage.register({ ...account, inviteHash: null }, NOW)
    const found = await storage.findAccount(name)
    const token = { hash: randomBytes(32), label: randomBytes(16), uses: null, expiresAtMs: null }
    if (found === null) throw new Error('the account was not stored')
    await storage.putTokens(found.id, { add: [token], revoke: [] }, 10, NOW)
    return { tokenHash: token.hash, mailbox: found.devices[0]?.mailbox as MailboxId }
  }

  function deposit(storage: RelayStorage, tokenHash: Uint8Array, id = randomBytes(16)) {
    const envelope = { tokenHash, deviceId: 1, id, body: Uint8Array.of(1) }
    return storage.deposit(envelope, LIMITS, NOW)
  }

  storageConformance('PostgreSQL', {
    open: async () => {
      await empty()
      return open()
    },
    openAnother: open,
    keepsOrder: false,
  })
  const openEmpty = async (): Promise<RelayStorage> => {
    await empty()
    return open()
  }
  adminConformance('PostgreSQL', openEmpty)
  groupsConformance('PostgreSQL', openEmpty)
  blobsConformance('PostgreSQL', openEmpty)
  const countBodies = async (): Promise<number> => {
    const sql = 'SELECT count(*)::int AS count FROM sotto.shared_bodies'
    return (await server.query<{ count: number }>(sql))[0]?.count ?? 0
  }
  batchConformance('PostgreSQL', openEmpty, countBodies)

  describe('migrations', () => {
    async function database(name: string): Promise<string> {
      await server.query(`CREATE DATABASE ${name}`)
      return server.url.replace(/postgres$/, name)
    }

    test('run once, however many try', async () => {
      const address = databaseAddress(await database('fresh'))
      const runs = await Promise.all([1, 2, 3].map(() => migratePostgres(address)))
      expect(runs.map(({ from }) => from).toSorted((a, b) => a - b)).toEqual([
        0,
        SCHEMA_VERSION,
        SCHEMA_VERSION,
      ])
      expect(await migratePostgres(address)).toEqual({ from: SCHEMA_VERSION, to: SCHEMA_VERSION })
    })

    test('a relay asks for them, and refuses a database of a newer one', async () => {
      const address = databaseAddress(await database('bare'))
      await expect(open({ address })).rejects.toThrow(/no tables yet: run "relay migrate"/)
      await migratePostgres(address)
      const storage = await open({ address })
      await storage.close()
    })

    test('a database of a newer relay is refused by both', async () => {
      const url = await database('newer')
      const address = databaseAddress(url)
      await migratePostgres(address)
      await server.query('CREATE EXTENSION IF NOT EXISTS dblink')
      await server.query('SELECT dblink_exec($1, $2)', [
        `host=127.0.0.1 port=${server.port} user=sotto dbname=newer`,
        'INSERT INTO sotto.migrations (version) VALUES (99)',
      ])
      await expect(open({ address })).rejects.toThrow(/version 99/)
      await expect(migratePostgres(address)).rejects.toThrow(/version 99/)
    })
  })

  describe('statistics of large tables', () => {
    test('are estimated from a part, and always from the same', async () => {
      await server.query('CREATE DATABASE large')
      const address = databaseAddress(server.url.replace(/postgres$/, 'large'))
      await migratePostgres(address)
      const primary = new Primary({ address, connections: 1, log: () => undefined })
      const transactions = new Transactions(primary, false)
      await transactions.run(async (transaction) => {
        transaction.send(`INSERT INTO accounts (name, signing_key, created_ms)
          SELECT 'user' || n, decode(repeat('04', 65), 'hex'), n FROM generate_series(1, 20000) AS n`)
        transaction.send(`INSERT INTO devices (account, device, seen_ms, waiting, waiting_bytes)
          SELECT id, 1, 1, 2, 50 FROM accounts`)
      })
      const exact = { accounts: 20_000, devices: 20_000, waiting: 40_000, waitingBytes: 1_000_000 }
      expect(await readStatistics(transactions, NOW)).toMatchObject(exact)
      const { databaseBytes: _bytes, ...first } = await readStatistics(transactions, NOW, 50)
      expect(first.registrations).toEqual([{ day: '1970-01-01', accounts: 20_000 }])
      for (const name of ['accounts', 'devices', 'waiting', 'waitingBytes'] as const) {
        expect(first[name] / exact[name]).toBeGreaterThan(0.5)
        expect(first[name] / exact[name]).toBeLessThan(2)
        expect(first[name]).not.toBe(exact[name])
      }
      expect(await readStatistics(transactions, NOW, 50)).toMatchObject(first)
      await primary.close()
    })
  })

  test('a stranger to a group is refused without a transaction, and without waiting for one', async () => {
    let transactions = 0
    const storage = await open({ onCommit: () => (transactions += 1) })
    const limits = { commits: 10, bytes: 1_000 }
    const token = randomBytes(32)
    const commit = {
      group: randomBytes(32),
      epoch: 0,
      tokenHash: token,
      nextTokenHash: token,
      body: Uint8Array.of(1),
    }
    expect(await storage.putCommit(commit, limits, 'group', NOW)).toBe('stored')
    const before = transactions
    const strange = { ...commit, epoch: 1, tokenHash: randomBytes(32) }
    expect(await storage.putCommit(strange, limits, 'group', NOW)).toBe('refused')
    const nowhere = { ...commit, group: randomBytes(32) }
    expect(await storage.putCommit(nowhere, limits, 'commit', NOW)).toBe('unknown')
    expect(transactions).toBe(before)
    expect(await storage.putCommit({ ...commit, epoch: 1 }, limits, 'commit', NOW)).toBe('stored')
    expect(transactions).toBe(before + 1)
    await storage.close()
  })

  describe('without standbys', () => {
    test('it does not start, unless the operator says that one server is enough', async () => {
      await expect(open({ withoutStandbys: false })).rejects.toThrow(/no synchronous standbys/)
      const said: string[] = []
      const storage = await open({ log: (event) => said.push(event) })
      expect(await storage.ping()).toEqual({ copies: 'one' })
      expect(said).toEqual([expect.stringMatching(/NO STANDBYS/)])
      await storage.close()
    })
  })

  describe('with standbys', () => {
    /** Opens a storage whose commits wait for a standby that a moment later is gone. */
    async function withLostStandby(
      run: (storage: RelayStorage, tokenHash: Uint8Array) => Promise<void>,
    ) {
      const setUp = await open()
      const { tokenHash } = await withToken(setUp)
      await setUp.close()
      const standby = await server.standby('s1')
      await standby.start()
      server.configure({ synchronous_standby_names: 'ANY 1 (s1)' })
      server.reload()
      const storage = await open({ withoutStandbys: false })
      try {
        expect(await storage.ping()).toEqual({ copies: 'quorum' })
        expect(await deposit(storage, tokenHash)).toMatchObject({ outcome: 'stored' })
        await storage.logHead()
        await standby.stop('SIGKILL')
        await run(storage, tokenHash)
      } finally {
        server.configure({ synchronous_standby_names: '' })
        server.reload()
        await storage.close()
        await standby.remove()
      }
    }

    function waitingCommit(): Promise<number> {
      return eventually('a commit waits for a standby', async () => {
        const rows = await server.query<{ pid: number }>(`SELECT pid ${WAITING_COMMIT} LIMIT 1`)
        return rows[0]?.pid ?? null
      })
    }

    test('a cancelled wait is no acknowledgement, and repeating does not make it one', async () => {
      await withLostStandby(async (storage, tokenHash) => {
        const id = randomBytes(16)
        // The first leaves the envelope on the primary alone; the second finds it there.
        for (let turn = 0; turn < 2; turn++) {
          const outcome = deposit(storage, tokenHash, id).catch((cause: unknown) => cause)
          await server.query(`SELECT pg_cancel_backend(${await waitingCommit()})`)
          expect(await outcome).toBeInstanceOf(StorageUnavailableError)
        }
        const terminated = deposit(storage, tokenHash, id).catch((cause: unknown) => cause)
        await server.query(`SELECT pg_terminate_backend(${await waitingCommit()})`)
        expect(await terminated).toBeInstanceOf(StorageUnavailableError)
      })
    })

    async function refusesHead(storage: RelayStorage): Promise<void> {
      const head = storage.logHead().catch((cause: unknown) => cause)
      await server.query(`SELECT pg_cancel_backend(${await waitingCommit()})`)
      expect(await head).toBeInstanceOf(StorageUnavailableError)
    }

    test('an entry of the log that the primary may have alone is in no head', async () => {
      await withLostStandby(async (storage) => {
        const before = (await server.query('SELECT 1 FROM sotto.log_leaves')).length
        const registered = storage
          .register({ ...NEW_ACCOUNT, name: 'left-behind' }, NOW)
          .catch((cause: unknown) => cause)
        await server.query(`SELECT pg_cancel_backend(${await waitingCommit()})`)
        expect(await registered).toBeInstanceOf(StorageUnavailableError)
        const after = (await server.query('SELECT 1 FROM sotto.log_leaves')).length
        expect(after).toBe(before + 1)
        await refusesHead(storage)
      })
    })

    test('no head comes from a server whose standbys may follow another one by now', async () => {
      // Nothing is new here, but there may be.
      await withLostStandby(refusesHead)
    })

    test('it is not ready while no standby answers', async () => {
      await withLostStandby(async (storage) => {
        const answer = storage.ping().catch((cause: unknown) => cause)
        await server.query(`SELECT pg_cancel_backend(${await waitingCommit()})`)
        expect(await answer).toBeInstanceOf(StorageUnavailableError)
      })
    })

    test('whoever waits for an answer is told to try again', async () => {
      await withLostStandby(async (storage) => {
        const account = 1 as AccountId
        const hash = randomBytes(32)
        const token = { hash, label: randomBytes(16), uses: null, expiresAtMs: null }
        const request = { hash, nowMs: NOW, rememberUntilMs: 2_000, lastResortOnly: false }
        const blob = { id: randomBytes(16), account, length: 1, expiresAtMs: 2_000 }
        const answers = await Promise.allSettled([
          storage.takeBundles(account, request),
          storage.putTokens(account, { add: [token], revoke: [] }, 10, NOW),
          storage.createBlob(blob, { blobs: 1, bytes: 1 }, NOW),
          storage.deleteBlob(blob.id, account),
          storage.setBlocked(account, NOW),
          storage.reserveName('reserved'),
        ])
        for (const answer of answers) {
          expect(answer).toMatchObject({ reason: expect.any(StorageUnavailableError) })
        }
      })
    })

    test('it ends though a commit waits for its standbys', async () => {
      await withLostStandby(async (storage, tokenHash) => {
        const outcome = deposit(storage, tokenHash).catch((cause: unknown) => cause)
        await waitingCommit()
        await storage.close()
        expect(await outcome).toBeInstanceOf(StorageUnavailableError)
      })
    })

    test('emptying the list of standbys lets no change go unnoticed', async () => {
      await withLostStandby(async (storage, tokenHash) => {
        const outcome = deposit(storage, tokenHash).catch((cause: unknown) => cause)
        await waitingCommit()
        server.configure({ synchronous_standby_names: '' })
        server.reload()
        expect(await outcome).toBeInstanceOf(StorageUnavailableError)
        await expect(storage.ping()).rejects.toThrow(/no synchronous standbys/)
      })
    })

    test('a repeated request for bundles waits for its standbys too', async () => {
      const setUp = await open()
      const { mailbox } = await withToken(setUp)
      await setUp.close()
      const [row] = await server.query<{ account: string }>(
        `SELECT account FROM sotto.devices WHERE mailbox = ${mailbox}`,
      )
      await withLostStandby(async (storage) => {
        const request = {
          hash: randomBytes(32),
          nowMs: NOW,
          rememberUntilMs: 2_000,
          lastResortOnly: false,
        }
        for (let turn = 0; turn < 2; turn++) {
          const taken = storage
            .takeBundles(Number(row?.account) as never, request)
            .catch((cause: unknown) => cause)
          await server.query(`SELECT pg_cancel_backend(${await waitingCommit()})`)
          expect(await taken).toBeInstanceOf(StorageUnavailableError)
        }
      })
    })
  })

  describe('a new era', () => {
    test('gives nothing again that a lost part of the database may have given', async () => {
      const before = await open()
      const { tokenHash, mailbox } = await withToken(before)
      const key = { id: 1, publicKey: Uint8Array.of(1), signature: Uint8Array.of(1) }
      const upload = { version: 1, signed: key, kemLastResort: key, oneTime: [key], kemOneTime: [] }
      await before.publishPrekeys(mailbox, upload, 10)
      await deposit(before, tokenHash)
      await before.addInviteCode(randomBytes(32), 1, NOW + 10)
      await before.close()
      await beginEra(databaseAddress(server.url), true, NOW)
      const after = await open()
      expect(after.era).toHaveLength(16)
      expect(after.era).not.toEqual(before.era)
      // Sessions and nonces of the lost part are unknown: the former end, the latter are waited for.
      expect(after.secret).toHaveLength(32)
      expect(after.secret).not.toEqual(before.secret)
      expect(after.restoredAtMs).toBe(NOW)
      expect(await after.listInvites(null, 9, NOW)).toEqual([])
      expect(await after.prekeyCounts(mailbox)).toMatchObject({ version: 1, oneTime: 0 })
      await deposit(after, tokenHash)
      const [first, second] = (await after.waiting(mailbox, 0, 10, 1e6)) ?? []
      expect((second?.sequence ?? 0) - (first?.sequence ?? 0)).toBeGreaterThan(RESTORE_JUMP)
      expect((await withToken(after)).mailbox - mailbox).toBeGreaterThan(RESTORE_JUMP)
      await after.close()
    })

    test('begins beyond what was given after a fail-over that the copy knows nothing of', async () => {
      const before = await open()
      const { tokenHash, mailbox } = await withToken(before)
      await deposit(before, tokenHash)
      await before.close()
      const promoted = await server.standby('promoted')
      await promoted.start()
      await promoted.promote()
      const address = databaseAddress(promoted.url)
      const lost = await open({ address })
      await deposit(lost, tokenHash)
      const [, given] = (await lost.waiting(mailbox, 0, 10, 1e6)) ?? []
      await lost.close()
      // What a dump from before the fail-over brings back.
      await promoted.query('DELETE FROM sotto.envelopes')
      await promoted.query('UPDATE sotto.devices SET last_seq = 1')
      await beginEra(address, true, NOW)
      const after = await open({ address })
      await deposit(after, tokenHash)
      const [next] = (await after.waiting(mailbox, 0, 10, 1e6)) ?? []
      expect((next?.sequence ?? 0) - (given?.sequence ?? 0)).toBeGreaterThan(RESTORE_JUMP - 2)
      await after.close()
      await promoted.remove()
    })
  })

  describe('its server', () => {
    test('may restart: what was under way fails, then all goes on', async () => {
      const storage = await open()
      const { tokenHash, mailbox } = await withToken(storage)
      const id = randomBytes(16)
      await deposit(storage, tokenHash, id)
      await server.stop('SIGKILL')
      const asked = [
        deposit(storage, tokenHash),
        storage.waiting(mailbox, 0, 10, 1e6),
        storage.ping(),
      ]
      for (const answer of await Promise.allSettled(asked)) {
        expect(answer).toMatchObject({ reason: expect.any(StorageUnavailableError) })
      }
      await server.start()
      const outcome = await eventually('it takes deposits', () =>
        deposit(storage, tokenHash, id).catch(() => null),
      )
      expect(outcome).toEqual({ outcome: 'seen' })
      await storage.close()
    })
  })

  describe('a server that takes no more connections', () => {
    test('is no lost one: what has a connection goes on', async () => {
      const small = await PostgresServer.create('small')
      small.configure({ max_connections: '6', superuser_reserved_connections: '0' })
      await small.start()
      const address = databaseAddress(small.url)
      await migratePostgres(address)
      const said: string[] = []
      const storage = await open({ address, log: (event) => said.push(event) })
      const { mailbox } = await withToken(storage)
      for (let turn = 0; turn < 3; turn++) {
        const reads = Array.from({ length: 20 }, () => storage.waiting(mailbox, 0, 1, 1))
        const answers = await Promise.allSettled(reads)
        const refused = answers.filter((answer) => answer.status === 'rejected')
        for (const { reason } of refused) expect(reason).toBeInstanceOf(StorageUnavailableError)
        if (turn === 0) expect(refused.length).toBeGreaterThan(0)
        expect(answers.length).toBeGreaterThan(refused.length)
      }
      await storage.close()
      await small.remove()
      expect(said.filter((event) => event.includes('is lost'))).toEqual([])
      // Once for all who failed.
      expect(said.slice(1)).toEqual([expect.stringMatching(/gives no connection: .*too many/)])
    })

    test('is told of where only the listening fails', async () => {
      const said: string[] = []
      const address = databaseAddress(server.url)
      const primary = new Primary({ address, connections: 1, log: (event) => said.push(event) })
      const wakeUps = new DatabaseWakeUps({
        address: { ...address, database: 'nowhere' },
        primary,
        transactions: new Transactions(primary, false),
        mode: 'listen',
      })
      try {
        await eventually('it is told', () => said.length > 0)
        expect(said).toEqual([expect.stringMatching(/gives no connection: .*"nowhere"/)])
      } finally {
        await wakeUps.close()
        await primary.close()
      }
    })
  })

  describe('hints', () => {
    test.each(['listen', 'poll'] as const)('reach the other process (%s)', async (wakeUp) => {
      const [here, there] = await Promise.all([open({ wakeUp }), open({ wakeUp })])
      const { tokenHash, mailbox } = await withToken(here)
      const told: (MailboxId | null)[] = []
      there.wakeUpChannel?.listen((which) => told.push(which))
      there.wakeUpChannel?.connected(mailbox)
      await eventually('it is present', async () => {
        if (wakeUp === 'poll') return told.includes(mailbox)
        const rows = await server.query(
          `SELECT 1 FROM sotto.presence JOIN sotto.processes USING (process) WHERE mailbox = ${mailbox}`,
        )
        return rows.length > 0
      })
      told.length = 0
      await deposit(here, tokenHash)
      here.wakeUpChannel?.tell(mailbox)
      await eventually('the hint arrives', () => told.includes(mailbox))
      await Promise.all([here.close(), there.close()])
      if (wakeUp === 'listen') {
        expect(await server.query('SELECT 1 FROM sotto.presence')).toEqual([])
        expect(await server.query('SELECT 1 FROM sotto.processes')).toEqual([])
      }
    })
  })

  describe('a relay on it', () => {
    test('asks for no name that cannot be, whose characters the database might refuse', async () => {
      const blobs = mkdtempSync(join(tmpdir(), 'sotto-blobs-'))
      const relay = await testRelay({ database: server.url, withoutStandbys: true, blobs })
      const id = 'A'.repeat(22)
      const unknown = { status: 404, code: 'ACCOUNT_UNKNOWN' }
      for (const name of ['%00', 'alice%00', '%EF%BF%BF', '%F0%9F%98%80', 'ALICE']) {
        expect(await call(relay, 'GET', `/v1/accounts/${name}`)).toMatchObject(unknown)
        const headers = { 'idempotency-key': id }
        const taken = await call(relay, 'POST', `/v1/accounts/${name}/bundles`, { headers })
        expect(taken).toMatchObject(unknown)
      }
      const knock = await call(relay, 'PUT', `/v1/knocks/${id}`, {
        headers: { 'sotto-account': '\u00ff\u00fe', 'sotto-device': '1' },
        body: Uint8Array.of(1),
      })
      expect(knock).toMatchObject(unknown)
      await relay.close()
      rmSync(blobs, { recursive: true })
    })
  })

  describe('two relays on one database', () => {
    test('know the same sessions and deliver what the other took', async () => {
      const blobs = mkdtempSync(join(tmpdir(), 'sotto-blobs-'))
      const options = { database: server.url, withoutStandbys: true, blobs }
      const [one, two] = await Promise.all([testRelay(options), testRelay(options)])
      const client = testClient()
      const name = `user-${Buffer.from(randomBytes(6)).toString('hex')}`
      const { signer, token } = await testAccount(one, client, name)
      const received: Uint8Array[] = []
      let drained = false
      const subscription = client.subscribe(two.host, signer, 0, {
        received: async (batch) => void received.push(...batch.map(({ envelopeId }) => envelopeId)),
        drained: () => (drained = true),
        stateChanged: () => undefined,
      })
      await until(() => drained)
      await pause(100)
      const envelopeId = randomBytes(16)
      unwrap(
        await client.deposit(one.host, {
          envelopeId,
          deviceId: 1,
          token,
          envelope: Uint8Array.of(1),
        }),
      )
      // Far sooner than the 25 seconds after which it would look by itself.
      await until(() => received.length > 0)
      expect(received).toEqual([Buffer.from(envelopeId)])
      const ready: unknown = await fetch(`${one.url}/readyz`).then((answer) => answer.json())
      expect(ready).toEqual({ ok: true, copies: 'one' })
      await subscription.close()
      await client.close()
      await Promise.all([one.close(), two.close()])
      rmSync(blobs, { recursive: true })
    })
  })
})
