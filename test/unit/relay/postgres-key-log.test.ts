import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeLogLeaf, verifyChainProof } from '#crypto/key-log.ts'
import { EMPTY_TREE_ROOT, leafHash, verifyConsistency } from '#crypto/merkle-log.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import { treeRoot } from '#relay/key-log/log-tree.ts'
import { readAtOnce, setInMap, type MapRow } from '#relay/key-log/prefix-map.ts'
import { migratePostgres } from '#relay/postgres/schema.ts'
import { openPostgresStorage } from '#relay/postgres/storage.ts'
import type { NewAccount, RelayStorage } from '#relay/storage.ts'
import type { LogHead } from '#relay/storage-key-log.ts'
import { treeOf } from '#test/helpers/log-tree.ts'
import {
  databaseAddress,
  POSTGRES_PROGRAMS,
  PostgresServer,
} from '#test/helpers/postgres-server.ts'
import { keyLogConformance } from './key-log-conformance.ts'

const MISSING = POSTGRES_PROGRAMS === null
const WHY = MISSING ? ' (skipped: this machine has no PostgreSQL; Debian: postgresql)' : ''
const NOW = 1_000
const KEY = new Uint8Array(65).fill(4)
const LIMITS = { envelopes: 1e6, bytes: 1e9, knocks: 20, idleMs: 1e15 }
const TABLES = ['accounts', 'log_nodes', 'log_leaves', 'log_chains', 'invite_codes']

interface LeafRow {
  readonly position: string
  readonly name: Uint8Array
  readonly value: Uint8Array
  readonly map_root: Uint8Array
}

function newAccount(name: string, version = 1): NewAccount {
  return {
    name,
    signingKey: KEY,
    deviceId: 1,
    certificate: Uint8Array.of(version),
    inviteHash: null,
    deviceList: { version, bytes: Uint8Array.of(version, ...Buffer.from(name)), deviceIds: [1] },
  }
}

describe.skipIf(MISSING)(`the log in PostgreSQL${WHY}`, () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await PostgresServer.create('log')
    await server.start()
    await migratePostgres(databaseAddress(server.url))
  })
  afterAll(() => server.remove())

  const open = (): Promise<RelayStorage> =>
    openPostgresStorage({
      address: databaseAddress(server.url),
      withoutStandbys: true,
      wakeUp: 'poll',
      log: () => undefined,
    })

  async function openEmpty(): Promise<RelayStorage> {
    const deletes = TABLES.map((table) => `DELETE FROM sotto.${table}`).join(';')
    await server.query(`DO 'BEGIN ${deletes}; END'`)
    return open()
  }

  keyLogConformance('PostgreSQL', openEmpty)

  describe('of two processes', () => {
    let one: RelayStorage
    let two: RelayStorage
    beforeEach(async () => {
      one = await openEmpty()
      two = await open()
    })
    afterEach(async () => {
      await one.close()
      await two.close()
    })

    async function remove(storage: RelayStorage, name: string): Promise<void> {
      const account = await storage.findAccount(name)
      if (account === null) throw new Error('no such account')
      await storage.deleteAccount(account.id)
    }

    async function tokenOf(name: string): Promise<Uint8Array> {
      const account = await one.findAccount(name)
      if (account === null) throw new Error('no such account')
      const token = { hash: randomBytes(32), label: randomBytes(16), uses: null, expiresAtMs: null }
      await one.putTokens(account.id, { add: [token], revoke: [] }, 10, NOW)
      return token.hash
    }

    /** The whole log again, out of its leaves, by the arithmetic that is tested by itself. */
    async function replay(): Promise<LogHead> {
      const leaves = await server.query<LeafRow>(
        'SELECT position, name, value, map_root FROM sotto.log_leaves ORDER BY position',
      )
      const rows: MapRow[] = []
      for (const [index, { position, name, value, map_root }] of leaves.entries()) {
        expect(Number(position)).toBe(index)
        const { row, root } = readAtOnce(
          setInMap(name, value, index),
          (at) => rows[at] ?? expect.fail('a hole in the log'),
        )
        expect(encodeHex(map_root)).toBe(encodeHex(root))
        rows.push(row)
      }
      const hashes = leaves.map(({ value, map_root: mapRoot }) =>
        leafHash(encodeLogLeaf({ value, mapRoot })),
      )
      return { size: leaves.length, root: treeRoot(treeOf(hashes), hashes.length) }
    }

    /** Looks until it is told to end: no head is smaller than the one before, and each goes on from it. */
    async function watch(isOver: () => boolean): Promise<number> {
      let last: LogHead = { size: 0, root: EMPTY_TREE_ROOT }
      let sizes = 0
      for (let turn = 0; !isOver(); turn++) {
        const [storage, other] = turn % 2 === 0 ? [one, two] : [two, one]
        const head = await storage.logHead()
        expect(head.size).toBeGreaterThanOrEqual(last.size)
        if (last.size > 0) {
          const path = await other.logConsistency(last.size, head.size)
          const { size: oldSize, root: oldRoot } = last
          expect(verifyConsistency({ oldSize, oldRoot, ...head, path })).toBe(true)
        }
        if (head.size > last.size) sizes += 1
        last = head
      }
      return sizes
    }

    test('they have one key', () => {
      expect(one.logKey).toEqual(two.logKey)
    })

    test('registering, changing and removing at once gives one log without a hole, and whoever looks sees it grow', async () => {
      const names = Array.from({ length: 60 }, (_, index) => `account-${index}`)
      let over = false
      const watching = watch(() => over)
      const of = (index: number): RelayStorage => (index % 2 === 0 ? one : two)
      await Promise.all(names.map((name, index) => of(index).register(newAccount(name), NOW)))
      await Promise.all(
        names.map((name, index) =>
          index % 3 === 0
            ? remove(of(index), name)
            : of(index + 1).register(newAccount(name, 2), NOW),
        ),
      )
      // One name, taken, given back and taken again by both.
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => of(index).register(newAccount('same'), NOW)),
      )
      over = true
      expect(await watching).toBeGreaterThan(1)

      const head = await one.logHead()
      expect(head.size).toBe(2 * names.length + 1)
      expect(await two.logHead()).toEqual(head)
      const replayed = await replay()
      expect(replayed.size).toBe(head.size)
      expect(encodeHex(replayed.root)).toBe(encodeHex(head.root))
      for (const [index, name] of names.entries()) {
        const proof = await of(index).logChain(name, {
          size: head.size,
          treeSize: head.size,
          after: 0,
          maxEntries: 9,
        })
        expect(proof && verifyChainProof(name, head, proof)).toMatchObject({ count: 2 })
      }
    })

    test('new devices, removals and deposits to them at once never wait for each other in a circle', async () => {
      const names = Array.from({ length: 12 }, (_, index) => `busy-${index}`)
      for (const name of names) await one.register(newAccount(name), NOW)
      const tokens = await Promise.all(names.map(tokenOf))
      let over = false
      const depositing = [one, two].map(async (storage) => {
        while (!over) {
          const envelopes = tokens.map((tokenHash) => ({
            tokenHash,
            deviceId: 1,
            id: randomBytes(16),
            body: Uint8Array.of(1),
          }))
          await Promise.all(envelopes.map((each) => storage.deposit(each, LIMITS, NOW)))
        }
      })
      for (let version = 2; version < 10; version++) {
        // Renewed mailboxes have ascending numbers: the next time they are asked for in the opposite order.
        const renewed = names.toReversed().map((name) => newAccount(name, version))
        names.reverse()
        await Promise.all(
          [one, two].flatMap((each) => renewed.map((account) => each.register(account, NOW))),
        )
      }
      await Promise.all(
        names.toReversed().map((name, index) => remove(index % 2 === 0 ? one : two, name)),
      )
      over = true
      await Promise.all(depositing)
      const replayed = await replay()
      expect(replayed.size).toBe(names.length * 10)
      expect(encodeHex(replayed.root)).toBe(encodeHex((await two.logHead()).root))
      const [counted] = await server.query<{ deadlocks: string }>(
        'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
      )
      expect(Number(counted?.deadlocks)).toBe(0)
    })

    test('a registration that is refused leaves no entry beside those that share its transaction', async () => {
      await one.register(newAccount('taken'), NOW)
      const asked = [
        newAccount('fine'),
        { ...newAccount('taken', 2), signingKey: new Uint8Array(65).fill(5) },
        { ...newAccount('uninvited'), inviteHash: randomBytes(32) },
        newAccount('fine-too'),
      ]
      const outcomes = await Promise.all(asked.map((account) => one.register(account, NOW)))
      expect(outcomes.map(({ outcome }) => outcome)).toEqual([
        'created',
        'taken',
        'invite-refused',
        'created',
      ])
      expect((await two.logHead()).size).toBe(3)
    })
  })
})
