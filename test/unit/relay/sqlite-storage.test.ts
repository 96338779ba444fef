import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import {
  StorageFullError,
  type MailboxId,
  type MailboxLimits,
  type RelayStorage,
} from '#relay/storage.ts'
import { memoryStorage, throwFatal } from './harness.ts'
import { adminConformance } from './storage-admin-conformance.ts'
import { storageConformance } from './storage-conformance.ts'

const LIMITS: MailboxLimits = { envelopes: 1e6, bytes: 1e9, knocks: 20, idleMs: 1e9 }
const NOW = 1_000

const shared = mkdtempSync(join(tmpdir(), 'sotto-relay-'))
let databases = 0
afterAll(() => rmSync(shared, { recursive: true }))

storageConformance('SQLite', {
  open: async () => {
    databases += 1
    return openSqliteStorage({ path: join(shared, `${databases}.db`), onFatal: throwFatal })
  },
  openAnother: async () =>
    openSqliteStorage({ path: join(shared, `${databases}.db`), onFatal: throwFatal }),
  keepsOrder: true,
})
adminConformance('SQLite', () => memoryStorage())

describe('the SQLite engine', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-relay-'))
    path = join(folder, 'relay.db')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  async function withToken(storage: RelayStorage): Promise<Uint8Array> {
    const account = {
      name: 'alice',
      signingKey: randomBytes(65),
      deviceId: 1,
      certificate: randomBytes(10),
      inviteHash: null,
    }
    await storage.register(account, NOW)
    const found = await storage.findAccount('alice')
    const token = { hash: randomBytes(32), label: randomBytes(16), uses: null, expiresAtMs: null }
    if (found === null) throw new Error('the account was not stored')
    await storage.putTokens(found.id, { add: [token], revoke: [] }, 10, NOW)
    return token.hash
  }

  test('names of before the rule stay, and the oldest stands for those that look alike', async () => {
    // Of a relay without the rule; it has alice and bob.
    copyFileSync(new URL('../../fixtures/relay/v1.db', import.meta.url), path)
    const database = new SQLite(path)
    database.exec("INSERT INTO accounts (name, signing_key, created_ms) VALUES ('a1ice', x'02', 2)")
    database.close()
    const storage = openSqliteStorage({ path, onFatal: throwFatal })
    expect(await storage.nameState('alice')).toBe('taken')
    expect(await storage.nameState('a1ice')).toBe('taken')
    expect(await storage.nameState('aiice')).toBe('looks-taken')
    expect(await storage.nameState('b0b')).toBe('looks-taken')
    const younger = await storage.findAccount('a1ice')
    if (younger === null) throw new Error('the account is gone')
    await storage.deleteAccount(younger.id)
    expect(await storage.nameState('a1ice')).toBe('looks-taken')
    await storage.close()
  })

  test('keeps its secret and everything stored when it is opened again', async () => {
    const first = openSqliteStorage({ path, onFatal: throwFatal })
    const tokenHash = await withToken(first)
    const id = randomBytes(16)
    await first.deposit({ tokenHash, deviceId: 1, id, body: Uint8Array.of(1) }, LIMITS, NOW)
    await first.close()
    const second = openSqliteStorage({ path, onFatal: throwFatal })
    expect(second.secret).toEqual(first.secret)
    const found = await second.findAccount('alice')
    const mailbox = found?.devices[0]?.mailbox
    if (mailbox === undefined) throw new Error('the device is gone')
    expect(await second.waiting(mailbox, 0, 10, 1_000)).toMatchObject([{ id: Buffer.from(id) }])
    await second.close()
  })

  test('an acknowledged envelope keeps its id, and none of the space of its body', async () => {
    const storage = openSqliteStorage({ path, onFatal: throwFatal })
    const tokenHash = await withToken(storage)
    const mailbox = (await storage.findAccount('alice'))?.devices[0]?.mailbox
    if (mailbox === undefined) throw new Error('the device is gone')
    const database = new SQLite(path)
    const pages = (what: string) => Number(database.pragma(what, { simple: true }))
    const used = () => pages('page_count') - pages('freelist_count')
    const before = used()
    const ids = Array.from({ length: 200 }, () => randomBytes(16))
    const deposit = (id: Uint8Array) =>
      storage.deposit({ tokenHash, deviceId: 1, id, body: randomBytes(2_000) }, LIMITS, NOW)
    await Promise.all(ids.map(deposit))
    expect(used() - before).toBeGreaterThan(100)
    const [first = randomBytes(16), ...others] = ids
    await storage.acknowledge(mailbox, { ids: [first] })
    await storage.acknowledge(mailbox, { through: others.length + 1 })
    expect(used() - before).toBeLessThan(20)
    expect(await storage.waiting(mailbox, 0, 10, 1e6)).toEqual([])
    expect((await Promise.all(ids.map(deposit))).every(({ outcome }) => outcome === 'seen')).toBe(
      true,
    )
    expect(await storage.expire(NOW + 1, 1)).toBe(ids.length)
    database.close()
    await storage.close()
  })

  test('a waiting envelope expires in time behind acknowledged ones, and they go with it', async () => {
    const storage = openSqliteStorage({ path, onFatal: throwFatal })
    const tokenHash = await withToken(storage)
    const mailbox = (await storage.findAccount('alice'))?.devices[0]?.mailbox
    if (mailbox === undefined) throw new Error('the device is gone')
    const deposit = (nowMs: number) =>
      storage.deposit(
        { tokenHash, deviceId: 1, id: randomBytes(16), body: Uint8Array.of(1) },
        LIMITS,
        nowMs,
      )
    await deposit(NOW)
    await deposit(NOW + 50)
    await storage.acknowledge(mailbox, { through: 1 })
    // The one that waits is the oldest now; the acknowledged one is behind it.
    expect(await storage.expire(NOW + 149, 100)).toBe(0)
    expect(await storage.expire(NOW + 150, 100)).toBe(2)
    expect(await storage.waiting(mailbox, 0, 10, 1e6)).toEqual([])
    await storage.close()
  })

  describe('what deposits hold from one group to the next', () => {
    let storage: RelayStorage
    let other: RelayStorage
    let tokenHash: Uint8Array
    beforeEach(async () => {
      storage = openSqliteStorage({ path, onFatal: throwFatal })
      other = openSqliteStorage({ path, onFatal: throwFatal })
      tokenHash = await withToken(storage)
    })
    afterEach(async () => {
      await storage.close()
      await other.close()
    })

    const deposit = (limits: MailboxLimits = LIMITS) =>
      storage.deposit(
        { tokenHash, deviceId: 1, id: randomBytes(16), body: Uint8Array.of(1) },
        limits,
        NOW,
      )
    async function mailboxOf(): Promise<MailboxId> {
      const mailbox = (await storage.findAccount('alice'))?.devices[0]?.mailbox
      if (mailbox === undefined) throw new Error('the device is gone')
      return mailbox
    }

    test('ends where a token is revoked, here or over another connection', async () => {
      for (const revoking of [storage, other]) {
        const account = await storage.findAccount('alice')
        if (account === null) throw new Error('the account is gone')
        const token = { hash: tokenHash, label: randomBytes(16), uses: null, expiresAtMs: null }
        await storage.putTokens(account.id, { add: [token], revoke: [] }, 10, NOW)
        expect((await deposit()).outcome).toBe('stored')
        await revoking.putTokens(account.id, { add: [], revoke: [tokenHash] }, 10, NOW)
        expect((await deposit()).outcome).toBe('refused')
        tokenHash = randomBytes(32)
      }
    })

    test('counts on after envelopes were stored over another connection', async () => {
      expect((await deposit()).outcome).toBe('stored')
      const envelope = { tokenHash, deviceId: 1, id: randomBytes(16), body: Uint8Array.of(2) }
      expect((await other.deposit(envelope, LIMITS, NOW)).outcome).toBe('stored')
      expect((await deposit()).outcome).toBe('stored')
      const waiting = await storage.waiting(await mailboxOf(), 0, 10, 1_000)
      expect(waiting?.map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    })

    test('makes room again with each acknowledgement, in the same group too', async () => {
      const small = { ...LIMITS, envelopes: 1 }
      const mailbox = await mailboxOf()
      for (let round = 0; round < 3; round++) {
        expect((await deposit(small)).outcome).toBe('stored')
        expect((await deposit(small)).outcome).toBe('mailbox-full')
        const through = { through: Number.MAX_SAFE_INTEGER }
        const group = [storage.acknowledge(mailbox, through), deposit(small)] as const
        expect(await group[0]).toBe(1)
        expect((await group[1]).outcome).toBe('stored')
        expect(await storage.acknowledge(mailbox, through)).toBe(1)
      }
      const database = new SQLite(path)
      const counts = database.prepare('SELECT waiting, waiting_bytes, last_seq FROM devices').get()
      expect(counts).toEqual({ waiting: 0, waiting_bytes: 0, last_seq: 6 })
      database.close()
    })

    test('is forgotten with a group that was rolled back', async () => {
      expect((await deposit()).outcome).toBe('stored')
      const failing = storage.deposit(
        // The engine takes no such body: the whole group fails, and is done again one by one.
        { tokenHash, deviceId: 1, id: randomBytes(16), body: {} as Uint8Array },
        LIMITS,
        NOW,
      )
      const good = deposit()
      await expect(failing).rejects.toThrow()
      expect((await good).outcome).toBe('stored')
      const waiting = await storage.waiting(await mailboxOf(), 0, 10, 1_000)
      expect(waiting?.map(({ sequence }) => sequence)).toEqual([1, 2])
    })
  })

  test('closing commits what was still queued', async () => {
    const storage = openSqliteStorage({ path, onFatal: throwFatal })
    const queued = storage.useNonce(Uint8Array.of(1), NOW)
    await storage.close()
    expect(await queued).toBe(true)
  })

  test('a full disk refuses changes, lets reading go on, and recovers', async () => {
    const storage = openSqliteStorage({ path, onFatal: throwFatal, maxPages: 60 })
    const tokenHash = await withToken(storage)
    const deposit = () =>
      storage.deposit(
        { tokenHash, deviceId: 1, id: randomBytes(16), body: randomBytes(4_000) },
        LIMITS,
        NOW,
      )
    let stored = 0
    const fill = async (): Promise<never> => {
      for (;;) {
        await deposit()
        stored += 1
      }
    }
    await expect(fill()).rejects.toThrow(StorageFullError)
    // Those that share a group with one that found no space.
    const group = await Promise.allSettled([deposit(), deposit(), storage.ping()])
    expect(group.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    const found = await storage.findAccount('alice')
    const mailbox = found?.devices[0]?.mailbox
    if (mailbox === undefined) throw new Error('the device is gone')
    expect(await storage.waiting(mailbox, 0, 1_000, 1e9)).toHaveLength(stored)
    expect(await storage.expire(NOW + 10, 10)).toBe(stored)
    expect(await deposit()).toMatchObject({ outcome: 'stored' })
    await storage.close()
  })

  test('one failing change does not fail the others of its group', async () => {
    const storage = openSqliteStorage({ path, onFatal: throwFatal })
    const outcomes = await Promise.allSettled([
      storage.useNonce(Uint8Array.of(1), NOW),
      storage.useNonce('no bytes' as never, NOW),
      storage.useNonce(Uint8Array.of(2), NOW),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await storage.useNonce(Uint8Array.of(1), NOW)).toBe(false)
    await storage.close()
  })

  test('refuses a database of a newer relay', () => {
    const newer = new SQLite(path)
    newer.pragma('user_version = 99')
    newer.close()
    expect(() => openSqliteStorage({ path, onFatal: throwFatal })).toThrow(/version 99/)
  })

  test('a damaged file is reported, and the change that met it is not acknowledged', async () => {
    const storage = openSqliteStorage({ path, onFatal: throwFatal })
    await withToken(storage)
    await storage.close()
    const intact = new SQLite(path)
    const root = intact.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'nonces'").pluck()
    const page = Number(root.get())
    const pageBytes = Number(intact.pragma('page_size', { simple: true }))
    intact.close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, (page - 1) * pageBytes, page * pageBytes)
    writeFileSync(path, bytes)

    let reported: unknown = null
    const damaged = openSqliteStorage({ path, onFatal: (cause) => (reported = cause) })
    const outcome = await damaged.useNonce(Uint8Array.of(1), NOW).catch((cause: unknown) => cause)
    expect(outcome).toMatchObject({ code: 'SQLITE_CORRUPT' })
    expect(reported).toBe(outcome)
    await damaged.close()
  })
})
