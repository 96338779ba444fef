import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { NewCommit } from '#relay/storage-groups.ts'
import type { RelayStorage } from '#relay/storage.ts'

const NOW = 1_000_000
const LIMITS = { commits: 5, bytes: 1_000 }

/** What every engine must do with the commits of groups. */
export function groupsConformance(
  name: string,
  open: () => RelayStorage | Promise<RelayStorage>,
): void {
  describe(`${name} as storage of groups`, () => {
    let storage: RelayStorage
    /** The token hashes of the epochs of one group. */
    let tokens: readonly Uint8Array[]
    let group: Uint8Array

    const tokenOf = (epoch: number): Uint8Array => tokens[epoch] ?? new Uint8Array(32)
    const commit = (epoch: number, change: Partial<NewCommit> = {}): NewCommit => ({
      group,
      epoch,
      tokenHash: tokenOf(epoch),
      nextTokenHash: tokenOf(epoch + 1),
      body: Uint8Array.of(epoch),
      ...change,
    })
    const put = (one: NewCommit, at = NOW) => storage.putCommit(one, LIMITS, 'group', at)
    const read = (tokenHash: Uint8Array, from = 0, limit = 10, maxBytes = 10_000) =>
      storage.commits(group, tokenHash, from, limit, maxBytes)
    const epochs = async (...args: Parameters<typeof read>) =>
      (await read(...args))?.map(({ epoch }) => epoch) ?? null

    beforeEach(async () => {
      storage = await open()
      group = randomBytes(32)
      tokens = Array.from({ length: 12 }, () => randomBytes(32))
    })
    afterEach(() => storage.close())

    test('commits are read in the order of their epochs, from any on', async () => {
      for (const epoch of [0, 1, 2]) expect(await put(commit(epoch), NOW + epoch)).toBe('stored')
      expect(await read(tokenOf(0))).toEqual(
        [0, 1, 2].map((epoch) => ({
          epoch,
          receivedAtMs: NOW + epoch,
          body: Buffer.of(epoch),
        })),
      )
      expect(await epochs(tokenOf(0), 2)).toEqual([2])
      expect(await epochs(tokenOf(0), 3)).toEqual([])
      expect(await epochs(tokenOf(0), 0, 2)).toEqual([0, 1])
    })

    test('what is read at once is bounded in bytes, but never nothing', async () => {
      for (const epoch of [0, 1, 2]) await put(commit(epoch, { body: randomBytes(100) }))
      expect(await epochs(tokenOf(0), 0, 10, 1)).toEqual([0])
      expect(await epochs(tokenOf(0), 0, 10, 200)).toEqual([0, 1])
    })

    test('of concurrent commits for one epoch exactly one wins', async () => {
      await put(commit(0))
      const rivals = Array.from({ length: 20 }, () => commit(1, { body: randomBytes(10) }))
      const outcomes = await Promise.all(rivals.map((rival) => put(rival)))
      expect(outcomes.toSorted()).toEqual([
        ...Array.from({ length: 19 }, () => 'conflict'),
        'stored',
      ])
      const winner = rivals[outcomes.indexOf('stored')]
      expect(await read(tokenOf(1), 1)).toMatchObject([
        { body: Buffer.from(winner?.body ?? randomBytes(1)) },
      ])
    })

    test('of concurrent first commits one makes the group', async () => {
      const rivals = Array.from({ length: 20 }, () => commit(0, { body: randomBytes(10) }))
      const outcomes = await Promise.all(rivals.map((rival) => put(rival)))
      expect(outcomes.filter((outcome) => outcome === 'stored')).toHaveLength(1)
      expect(await epochs(tokenOf(0))).toEqual([0])
    })

    test('a repeated commit is seen, also when the group has gone on', async () => {
      for (const epoch of [0, 1, 2]) await put(commit(epoch))
      for (const epoch of [0, 1, 2]) expect(await put(commit(epoch))).toBe('seen')
      expect(await epochs(tokenOf(0))).toEqual([0, 1, 2])
    })

    test('an epoch that is over is a conflict; one may be left out', async () => {
      await put(commit(3))
      expect(await put(commit(2, { tokenHash: tokenOf(4) }))).toBe('conflict')
      expect(await put(commit(3, { body: Uint8Array.of(9) }))).toBe('conflict')
      expect(await put(commit(7, { tokenHash: tokenOf(4) }))).toBe('stored')
      expect(await epochs(tokenOf(3))).toEqual([3, 7])
    })

    test('the token of an earlier epoch commits no more, and reads from there on', async () => {
      for (const epoch of [0, 1, 2]) await put(commit(epoch))
      expect(await put(commit(3, { tokenHash: tokenOf(2) }))).toBe('conflict')
      expect(await epochs(tokenOf(1))).toEqual([1, 2])
      expect(await epochs(tokenOf(3))).toEqual([])
    })

    test('a stranger neither commits nor reads', async () => {
      await put(commit(0))
      expect(await put(commit(1, { tokenHash: randomBytes(32) }))).toBe('refused')
      expect(await read(randomBytes(32))).toBeNull()
      expect(await storage.commits(randomBytes(32), tokenOf(0), 0, 10, 100)).toBeNull()
      expect(await epochs(tokenOf(0))).toEqual([0])
    })

    test('a group is not made where it must not be', async () => {
      expect(await storage.putCommit(commit(0), LIMITS, 'commit', NOW)).toBe('unknown')
      expect(await read(tokenOf(0))).toBeNull()
      await put(commit(0))
      expect(await storage.putCommit(commit(1), LIMITS, 'commit', NOW)).toBe('stored')
    })

    test('where nothing may be added, only a commit that would be stored finds no room', async () => {
      const probe = (one: NewCommit) => storage.putCommit(one, LIMITS, 'nothing', NOW)
      expect(await probe(commit(0))).toBe('unknown')
      for (const epoch of [0, 1]) await put(commit(epoch))
      expect(await probe(commit(2))).toBe('full')
      expect(await probe(commit(1))).toBe('seen')
      expect(await probe(commit(1, { body: randomBytes(9) }))).toBe('conflict')
      expect(await probe(commit(2, { tokenHash: randomBytes(32) }))).toBe('refused')
      expect(await epochs(tokenOf(0))).toEqual([0, 1])
      expect(await put(commit(2))).toBe('stored')
    })

    test('beyond the limits the oldest go, and the newest always stays', async () => {
      for (let epoch = 0; epoch < 8; epoch++) await put(commit(epoch))
      expect(await epochs(tokenOf(3))).toEqual([3, 4, 5, 6, 7])
      // What went with its commit opens nothing any more.
      expect(await read(tokenOf(2))).toBeNull()
      await put(commit(8, { body: randomBytes(996) }))
      expect(await epochs(tokenOf(8))).toEqual([8])
      expect(await epochs(tokenOf(4), 0)).toEqual([4, 5, 6, 7, 8])
      await put(commit(9, { body: randomBytes(2_000) }))
      expect(await epochs(tokenOf(9))).toEqual([9])
      expect(await read(tokenOf(8))).toBeNull()
    })

    test('commits go with their time, groups when nobody uses them', async () => {
      await put(commit(0))
      await put(commit(1), NOW + 500)
      const expire = (at: number) => storage.expireGroups(at, 1_000, 5_000)
      expect(await expire(NOW + 999)).toBe(0)
      expect(await expire(NOW + 1_000)).toBe(1)
      expect(await epochs(tokenOf(1))).toEqual([1])
      expect(await expire(NOW + 1_500)).toBe(1)
      // The group is still there, with the epoch and token it is at.
      expect(await epochs(tokenOf(2))).toEqual([])
      expect(await put(commit(1, { tokenHash: tokenOf(2) }))).toBe('conflict')
      expect(await expire(NOW + 5_500)).toBe(1)
      expect(await read(tokenOf(2))).toBeNull()
      expect(await expire(NOW + 5_500)).toBe(0)
    })
  })
}
