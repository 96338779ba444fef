import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { AccountId, RelayStorage } from '#relay/storage.ts'

const NOW = 1_000_000
const LATER = NOW + 1_000
const KEPT = NOW + 50_000
const QUOTA = { blobs: 3, bytes: 1_000 }
/** Beyond every time that a test uses. */
const ALL = NOW + 1_000_000

/** What every engine must do with its account of attachments. */
export function blobsConformance(
  name: string,
  open: () => RelayStorage | Promise<RelayStorage>,
): void {
  describe(`${name} as storage of attachments`, () => {
    let storage: RelayStorage
    let ada: AccountId
    let ben: AccountId
    let keys = 0

    async function account(who: string): Promise<AccountId> {
      const device = { deviceId: 1, certificate: Uint8Array.of(1), inviteHash: null }
      await storage.register({ name: who, signingKey: randomBytes(65), ...device }, NOW)
      const found = await storage.findAccount(who)
      if (found === null) throw new Error('the account was not stored')
      return found.id
    }

    const create = (id: Uint8Array, length: number, owner = ada, at = NOW) =>
      storage.createBlob({ id, account: owner, length, expiresAtMs: at + 1_000 }, QUOTA, at)
    const newKey = (): string => `key-${(keys += 1)}`
    const begin = (blob: Uint8Array, offset: number, key: string, at = NOW) =>
      storage.beginBlobPart({ blob, key, offset }, at)
    const finish = (key: string, length: number) => storage.finishBlobPart({ key, length }, KEPT)

    /** Adds a part. @returns its key. */
    async function add(blob: Uint8Array, offset: number, length: number): Promise<string> {
      const key = newKey()
      expect(await begin(blob, offset, key)).toBe('begun')
      expect(await finish(key, length)).toMatchObject({ offset: offset + length })
      return key
    }

    beforeEach(async () => {
      storage = await open()
      ada = await account('ada')
      ben = await account('ben')
    })
    afterEach(() => storage.close())

    test('an upload is announced once, and found as it is', async () => {
      const id = randomBytes(16)
      const blob = {
        id: Buffer.from(id),
        account: ada,
        length: 100,
        offset: 0,
        expiresAtMs: LATER,
      }
      expect(await create(id, 100)).toMatchObject({ outcome: 'created' })
      expect(await create(id, 100)).toEqual({ outcome: 'existing', blob })
      expect(await storage.findBlob(id, NOW)).toEqual(blob)
      expect(await storage.findBlob(id, LATER)).toBeNull()
      expect(await storage.findBlob(randomBytes(16), NOW)).toBeNull()
    })

    test('an id is not taken by another account or length', async () => {
      const id = randomBytes(16)
      await create(id, 100)
      expect(await create(id, 101)).toEqual({ outcome: 'conflict' })
      expect(await create(id, 100, ben)).toEqual({ outcome: 'conflict' })
    })

    test('parts follow one another, and the last one sets the time', async () => {
      const id = randomBytes(16)
      await create(id, 100)
      const first = await add(id, 0, 60)
      expect(await storage.findBlob(id, NOW)).toMatchObject({ offset: 60, expiresAtMs: LATER })
      const second = await add(id, 60, 40)
      expect(await storage.findBlob(id, LATER)).toMatchObject({ offset: 100, expiresAtMs: KEPT })
      const whole = [
        { key: first, offset: 0, length: 60 },
        { key: second, offset: 60, length: 40 },
      ]
      expect(await storage.blobParts(id, 0, 100)).toEqual(whole)
      expect(await storage.blobParts(id, 0, 60)).toEqual(whole.slice(0, 1))
      expect(await storage.blobParts(id, 59, 61)).toEqual(whole)
      expect(await storage.blobParts(id, 60, 61)).toEqual(whole.slice(1))
      expect(await begin(id, 100, newKey())).toBe('conflict')
    })

    test('a part elsewhere than at the end is a conflict', async () => {
      const id = randomBytes(16)
      await create(id, 100)
      await add(id, 0, 50)
      for (const offset of [0, 49, 51]) expect(await begin(id, offset, newKey())).toBe('conflict')
      expect(await begin(randomBytes(16), 0, newKey())).toBe('gone')
      expect(await begin(id, 50, newKey(), LATER)).toBe('gone')
    })

    test('of parts at the same place the one begun last wins', async () => {
      const id = randomBytes(16)
      await create(id, 100)
      const rivals = Array.from({ length: 5 }, newKey)
      for (const key of rivals) expect(await begin(id, 0, key)).toBe('begun')
      const finished = await Promise.all(rivals.map((key) => finish(key, 30)))
      expect(finished.map((blob) => blob?.offset ?? null)).toEqual([null, null, null, null, 30])
      expect(await storage.blobParts(id, 0, 100)).toMatchObject([{ key: rivals.at(-1) }])
      const lost = rivals.slice(0, -1).toSorted()
      expect((await storage.blobTrash(ALL)).toSorted()).toEqual(lost)
    })

    test('a part counts once', async () => {
      const id = randomBytes(16)
      await create(id, 100)
      const key = await add(id, 0, 30)
      expect(await finish(key, 30)).toBeNull()
      await storage.abandonBlobPart(key)
      expect(await storage.blobParts(id, 0, 100)).toHaveLength(1)
      expect(await storage.blobTrash(ALL)).toEqual([])
    })

    test('an abandoned part is trash', async () => {
      const id = randomBytes(16)
      await create(id, 100)
      const key = newKey()
      await begin(id, 0, key)
      await storage.abandonBlobPart(key)
      expect(await finish(key, 10)).toBeNull()
      expect(await storage.blobTrash(NOW)).toEqual([])
      expect(await storage.blobTrash(NOW + 1)).toEqual([key])
      await storage.forgetBlobTrash([key])
      expect(await storage.blobTrash(ALL)).toEqual([])
    })

    test('what the store does not let go stays trash, behind all the rest', async () => {
      const begun = [newKey(), newKey(), newKey()]
      for (const [place, key] of begun.entries()) {
        const id = randomBytes(16)
        await create(id, 100)
        await begin(id, 0, key, NOW + place)
        await storage.abandonBlobPart(key)
      }
      const [first = '', second = '', third = ''] = begun
      expect(await storage.blobTrash(ALL)).toEqual([first, second, third])
      await storage.postponeBlobTrash([first, second], LATER)
      expect(await storage.blobTrash(LATER)).toEqual([third])
      const all = await storage.blobTrash(ALL)
      expect(all[0]).toBe(third)
      expect(all.toSorted()).toEqual(begun.toSorted())
    })

    test('quotas count what is announced, and give it back', async () => {
      const [first, second] = [randomBytes(16), randomBytes(16)]
      await create(first, 600)
      expect(await create(second, 401)).toEqual({ outcome: 'quota' })
      expect(await create(second, 401, ben)).toMatchObject({ outcome: 'created' })
      await storage.deleteBlob(first, ada)
      for (let count = 0; count < QUOTA.blobs; count++) {
        expect(await create(randomBytes(16), 1)).toMatchObject({ outcome: 'created' })
      }
      expect(await create(randomBytes(16), 1)).toEqual({ outcome: 'quota' })
    })

    test('only its account deletes an attachment, and then its parts are trash', async () => {
      const id = randomBytes(16)
      await create(id, 100)
      const key = await add(id, 0, 100)
      expect(await storage.deleteBlob(id, ben)).toBe(false)
      expect(await storage.blobTrash(ALL)).toEqual([])
      expect(await storage.deleteBlob(id, ada)).toBe(true)
      expect(await storage.deleteBlob(id, ada)).toBe(false)
      expect(await storage.findBlob(id, NOW)).toBeNull()
      expect(await storage.blobTrash(ALL)).toEqual([key])
    })

    test('with its account an attachment goes, finished or not', async () => {
      const [done, begun] = [randomBytes(16), randomBytes(16)]
      await create(done, 10)
      await create(begun, 10)
      const finished = await add(done, 0, 10)
      const key = newKey()
      await begin(begun, 0, key)
      await storage.deleteAccount(ada)
      expect(await storage.findBlob(done, NOW)).toBeNull()
      expect((await storage.blobTrash(ALL)).toSorted()).toEqual([finished, key].toSorted())
      expect(await finish(key, 10)).toBeNull()
      expect(await create(randomBytes(16), 10)).toEqual({ outcome: 'gone' })
    })

    test('what has had its time goes, and its parts with it', async () => {
      const [done, begun] = [randomBytes(16), randomBytes(16)]
      await create(done, 10)
      await create(begun, 10)
      const finished = await add(done, 0, 10)
      const key = await add(begun, 0, 5)
      expect(await storage.expireBlobs(LATER - 1)).toBe(0)
      expect(await storage.expireBlobs(LATER)).toBe(1)
      expect(await storage.blobTrash(ALL)).toEqual([key])
      expect(await storage.expireBlobs(KEPT)).toBe(1)
      expect((await storage.blobTrash(ALL)).toSorted()).toEqual([finished, key].toSorted())
    })

    test('an upload whose time is over may begin anew before it is removed', async () => {
      const id = randomBytes(16)
      await create(id, 10)
      const key = await add(id, 0, 5)
      const anew = await create(id, 20, ada, LATER)
      expect(anew).toMatchObject({ outcome: 'created', blob: { offset: 0, length: 20 } })
      expect(await storage.blobTrash(ALL)).toEqual([key])
    })
  })
}
