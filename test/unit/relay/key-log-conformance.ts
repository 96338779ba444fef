import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  EMPTY_CHAIN,
  extendChain,
  listEntry,
  REMOVAL,
  verifyChainProof,
  type ChainHead,
} from '#crypto/key-log.ts'
import { EMPTY_TREE_ROOT, verifyConsistency } from '#crypto/merkle-log.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { NewAccount, RelayStorage } from '#relay/storage.ts'
import type { LogHead, StoredChain } from '#relay/storage-key-log.ts'

const NOW = 1_000_000
const KEY = new Uint8Array(65).fill(4)

function newAccount(name: string, change: Partial<NewAccount> = {}): NewAccount {
  return {
    name,
    signingKey: KEY,
    deviceId: 1,
    certificate: Uint8Array.of(1),
    inviteHash: null,
    deviceList: {
      version: 1,
      bytes: Uint8Array.of(...Buffer.from(`list of ${name}`)),
      deviceIds: [1],
    },
    ...change,
  }
}

/**
 * What every engine must do about the log of device lists.
 * @param open - opens a storage that is empty.
 */
export function keyLogConformance(
  engine: string,
  open: () => RelayStorage | Promise<RelayStorage>,
): void {
  describe(`the log of device lists in ${engine}`, () => {
    let storage: RelayStorage
    beforeEach(async () => {
      storage = await open()
    })
    afterEach(() => storage.close())

    async function remove(name: string): Promise<void> {
      const account = await storage.findAccount(name)
      if (account === null) throw new Error('no such account')
      await storage.deleteAccount(account.id)
    }

    async function chain(
      name: string,
      at: Partial<Parameters<RelayStorage['logChain']>[1]> = {},
    ): Promise<StoredChain | null> {
      const { size } = await storage.logHead()
      return storage.logChain(name, { size, treeSize: size, after: null, maxEntries: 99, ...at })
    }

    async function provenHead(name: string, head: LogHead, size: number): Promise<ChainHead> {
      const proof = await chain(name, { size, treeSize: head.size, after: 0 })
      const proven = proof && verifyChainProof(name, head, proof)
      if (!proven) throw new Error(`${name} is not proven at ${size} of ${head.size}`)
      return proven
    }

    test('it begins empty, and has a key of its own', async () => {
      expect(await storage.logHead()).toEqual({ size: 0, root: EMPTY_TREE_ROOT })
      expect(storage.logKey).toHaveLength(32)
      expect(await chain('alice', { size: 1, treeSize: 1 })).toBeNull()
    })

    test('registering, changing and deleting each append one entry to the chain of the name', async () => {
      await storage.register(newAccount('alice'), NOW)
      const lists = [newAccount('alice').deviceList?.bytes ?? new Uint8Array(0), Uint8Array.of(2)]
      const second = { version: 5, bytes: Uint8Array.of(2), deviceIds: [1] }
      const change = { certificate: Uint8Array.of(9), deviceList: second }
      expect(await storage.register(newAccount('alice', change), NOW)).toEqual({
        outcome: 'existing',
      })
      expect((await chain('alice'))?.deviceList).toEqual(Buffer.from(second.bytes))
      await remove('alice')
      expect((await chain('alice'))?.deviceList).toBeNull()
      const other = newAccount('alice', { signingKey: new Uint8Array(65).fill(5) })
      expect(await storage.register(other, NOW)).toEqual({ outcome: 'created' })

      const entries = [
        ...lists.map(listEntry),
        REMOVAL,
        listEntry(other.deviceList?.bytes ?? new Uint8Array(0)),
      ]
      const head = await storage.logHead()
      expect(head.size).toBe(4)
      let expected = EMPTY_CHAIN
      for (const [index, entry] of entries.entries()) {
        expected = extendChain(expected, entry)
        const proven = await provenHead('alice', head, index + 1)
        expect(proven.count).toBe(expected.count)
        expect(encodeHex(proven.value)).toBe(encodeHex(expected.value))
      }
      expect((await chain('alice', { after: 2 }))?.entries).toHaveLength(2)
      expect(await chain('alice', { after: 4 })).toBeNull()
      expect(await chain('alice', { after: 0, maxEntries: 3 })).toBeNull()
    })

    test('what changes nothing appends nothing', async () => {
      await storage.register(newAccount('alice'), NOW)
      const head = await storage.logHead()
      await storage.register(newAccount('alice'), NOW)
      // The same version under other bytes is not a newer list.
      const again = { version: 1, bytes: Uint8Array.of(7), deviceIds: [1] }
      await storage.register(newAccount('alice', { deviceList: again }), NOW)
      await storage.register(newAccount('alice', { signingKey: new Uint8Array(65).fill(7) }), NOW)
      await storage.register(newAccount('bob', { inviteHash: randomBytes(32) }), NOW)
      expect(await storage.logHead()).toEqual(head)
    })

    test('a new certificate without a newer list is stale, and the device stays as it was', async () => {
      await storage.register(newAccount('alice'), NOW)
      const head = await storage.logHead()
      for (const deviceList of [null, newAccount('alice').deviceList ?? null]) {
        const change = { certificate: Uint8Array.of(9), deviceList }
        expect(await storage.register(newAccount('alice', change), NOW)).toEqual({
          outcome: 'stale',
        })
      }
      expect(await storage.logHead()).toEqual(head)
      expect((await storage.findAccount('alice'))?.devices).toMatchObject([
        { certificate: Buffer.of(1) },
      ])
    })

    test('devices that the newest list does not name are gone, with what waits for them', async () => {
      const register = (deviceId: number, version: number, deviceIds: readonly number[]) => {
        const deviceList = { version, bytes: Uint8Array.of(version), deviceIds }
        return storage.register(newAccount('alice', { deviceId, deviceList }), NOW)
      }
      const devices = async () => (await storage.findAccount('alice'))?.devices ?? []
      await register(1, 1, [1])
      await register(2, 2, [1, 2])
      await register(3, 3, [1, 2, 3])
      const gone = (await devices()).find(({ deviceId }) => deviceId === 2)
      expect(gone).toBeDefined()
      // Not newer: it removes nothing.
      await register(3, 2, [3])
      expect((await devices()).map(({ deviceId }) => deviceId)).toEqual([1, 2, 3])
      expect(await register(3, 4, [1, 3])).toEqual({ outcome: 'existing' })
      expect((await devices()).map(({ deviceId }) => deviceId)).toEqual([1, 3])
      expect(gone && (await storage.waiting(gone.mailbox, 0, 1, 1))).toBeNull()
    })

    test('an account without a list is not in the log, until it gives one', async () => {
      await storage.register(newAccount('alice', { deviceList: null }), NOW)
      await storage.register(newAccount('bob', { deviceList: null }), NOW)
      await remove('bob')
      expect((await storage.logHead()).size).toBe(0)
      await storage.register(newAccount('alice'), NOW)
      expect(await provenHead('alice', await storage.logHead(), 1)).toMatchObject({ count: 1 })
    })

    test('accounts registered at once are all in it, and every size of it is proven in every larger one', async () => {
      const names = Array.from({ length: 40 }, (_, index) => `account-${index}`)
      await Promise.all(names.map((name) => storage.register(newAccount(name), NOW)))
      const head = await storage.logHead()
      expect(head.size).toBe(names.length)
      for (const name of names) {
        expect(await provenHead(name, head, head.size)).toMatchObject({ count: 1 })
      }
      const roots: Uint8Array[] = []
      const grown = await open()
      for (const name of names) {
        await grown.register(newAccount(name), NOW)
        roots.push((await grown.logHead()).root)
      }
      const size = roots.length
      const root = roots[size - 1] ?? EMPTY_TREE_ROOT
      for (const [index, oldRoot] of roots.entries()) {
        const path = await grown.logConsistency(index + 1, size)
        expect(verifyConsistency({ oldSize: index + 1, oldRoot, size, root, path })).toBe(true)
      }
      await grown.close()
    })

    test('a name that comes later is not there before, and what was there stays provable', async () => {
      for (const name of ['alice', 'bob', 'carol']) await storage.register(newAccount(name), NOW)
      expect(await chain('bob', { size: 1 })).toBeNull()
      const before = await provenHead('alice', await storage.logHead(), 1)
      await remove('alice')
      for (let i = 0; i < 20; i++) await storage.register(newAccount(`more-${i}`), NOW)
      expect(await provenHead('alice', await storage.logHead(), 1)).toEqual(before)
      expect(await provenHead('alice', await storage.logHead(), 4)).toMatchObject({ count: 2 })
    })
  })
}
