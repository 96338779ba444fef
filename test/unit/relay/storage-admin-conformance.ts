import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { NO_QUOTAS, RESTORE_JUMP, type Quotas } from '#relay/storage-admin.ts'
import type { AccountRecord, MailboxId, MailboxLimits, RelayStorage } from '#relay/storage.ts'

const DAY_MS = 24 * 60 * 60_000
const NOW = 1_000 * DAY_MS
const LIMITS: MailboxLimits = { envelopes: 3, bytes: 1_000, knocks: 3, idleMs: 10 * DAY_MS }

/** What every engine of the storage port must do for the operator. */
export function adminConformance(
  name: string,
  open: () => RelayStorage | Promise<RelayStorage>,
): void {
  describe(`${name} for the operator`, () => {
    let storage: RelayStorage
    let alice: AccountRecord
    let mailbox: MailboxId
    let tokenHash: Uint8Array

    async function register(who: string, atMs = NOW): Promise<AccountRecord> {
      const signingKey = new Uint8Array(65).fill(4)
      const certificate = Uint8Array.of(1)
      await storage.register(
        { name: who, signingKey, deviceId: 1, certificate, inviteHash: null },
        atMs,
      )
      const found = await storage.findAccount(who)
      if (found === null) throw new Error('the account was not stored')
      return found
    }

    const deposit = (id = randomBytes(16), body = Uint8Array.of(5)) =>
      storage.deposit({ tokenHash, deviceId: 1, id, body }, LIMITS, NOW)
    const knock = () =>
      storage.knock({ mailbox, id: randomBytes(16), body: Uint8Array.of(1) }, LIMITS, NOW)
    const quotas = (change: Partial<Quotas>) =>
      storage.setQuotas(alice.id, { ...NO_QUOTAS, ...change })

    beforeEach(async () => {
      storage = await open()
      alice = await register('alice')
      mailbox = alice.devices[0]?.mailbox as MailboxId
      tokenHash = randomBytes(32)
      const token = { hash: tokenHash, label: randomBytes(16), uses: null, expiresAtMs: null }
      await storage.putTokens(alice.id, { add: [token], revoke: [] }, 10, NOW)
    })
    afterEach(() => storage.close())

    describe('invites', () => {
      test('are listed by hash while they are good, a page at a time, and can be revoked', async () => {
        const hashes = [3, 1, 2].map((first) => Buffer.alloc(32, first))
        for (const hash of hashes) await storage.addInviteCode(hash, 2, NOW + 10)
        await storage.addInviteCode(Buffer.alloc(32, 9), 1, NOW)
        const [one, two, three] = hashes.toSorted((first, second) => first.compare(second))
        expect(await storage.listInvites(null, 2, NOW)).toEqual([
          { hash: one, usesLeft: 2, expiresAtMs: NOW + 10 },
          { hash: two, usesLeft: 2, expiresAtMs: NOW + 10 },
        ])
        expect(await storage.listInvites(two ?? null, 2, NOW)).toMatchObject([{ hash: three }])
        expect(await storage.revokeInvite(two as Uint8Array)).toBe(true)
        expect(await storage.revokeInvite(two as Uint8Array)).toBe(false)
        expect(await storage.listInvites(null, 9, NOW)).toMatchObject([
          { hash: one },
          { hash: three },
        ])
      })

      test('count what is left of them', async () => {
        const hash = randomBytes(32)
        await storage.addInviteCode(hash, 2, NOW + 10)
        const spend = (who: string) =>
          storage.register(
            {
              name: who,
              signingKey: new Uint8Array(65),
              deviceId: 1,
              certificate: Uint8Array.of(1),
              inviteHash: hash,
            },
            NOW,
          )
        await spend('bob')
        expect(await storage.listInvites(null, 9, NOW)).toMatchObject([{ usesLeft: 1 }])
        await spend('carol')
        expect(await storage.listInvites(null, 9, NOW)).toEqual([])
      })
    })

    describe('accounts', () => {
      test('are listed by name, a page at a time, by prefix', async () => {
        for (const who of ['bob', 'alf', 'albert', 'zoe']) await register(who)
        const names = async (prefix: string, after: string | null, limit: number) =>
          (await storage.listAccounts(prefix, after, limit)).map((account) => account.name)
        expect(await names('', null, 3)).toEqual(['albert', 'alf', 'alice'])
        expect(await names('', 'alice', 3)).toEqual(['bob', 'zoe'])
        expect(await names('al', null, 9)).toEqual(['albert', 'alf', 'alice'])
        expect(await names('al', 'albert', 1)).toEqual(['alf'])
        expect(await names('x', null, 9)).toEqual([])
      })

      test('come with what waits for them', async () => {
        await deposit(randomBytes(16), new Uint8Array(100))
        await deposit(randomBytes(16), new Uint8Array(50))
        expect(await storage.listAccounts('', null, 9)).toEqual([
          {
            name: 'alice',
            createdAtMs: NOW,
            devices: 1,
            waiting: 2,
            waitingBytes: 150,
            blockedAtMs: null,
          },
        ])
      })

      test('are described with devices, keys, tokens and rules', async () => {
        const key = (id: number) => ({ id, publicKey: Uint8Array.of(id) })
        const signed = { ...key(1), signature: Uint8Array.of(9) }
        await storage.publishPrekeys(
          mailbox,
          { version: 1, signed, kemLastResort: signed, oneTime: [key(2)], kemOneTime: [] },
          10,
        )
        await deposit()
        await quotas({ tokens: 7 })
        await storage.setBlocked(alice.id, NOW + 5)
        expect(await storage.describeAccount('alice')).toEqual({
          id: alice.id,
          name: 'alice',
          createdAtMs: NOW,
          blockedAtMs: NOW + 5,
          quotas: { mailboxEnvelopes: null, mailboxBytes: null, tokens: 7 },
          tokens: 1,
          devices: [
            {
              deviceId: 1,
              mailbox,
              seenAtMs: NOW,
              waiting: 1,
              waitingBytes: 1,
              oneTimePrekeys: 1,
              kemOneTimePrekeys: 0,
            },
          ],
        })
        expect(await storage.describeAccount('nobody')).toBeNull()
      })
    })

    describe('quotas', () => {
      test('of envelopes replace the common limit, up and down, and can be cleared', async () => {
        expect(await quotas({ mailboxEnvelopes: 1 })).toBe(true)
        expect((await deposit()).outcome).toBe('stored')
        expect((await deposit()).outcome).toBe('mailbox-full')
        await quotas({ mailboxEnvelopes: 5 })
        for (let count = 0; count < 4; count++) expect((await deposit()).outcome).toBe('stored')
        expect((await deposit()).outcome).toBe('mailbox-full')
        await quotas({})
        await storage.acknowledge(mailbox, { through: 3 })
        expect((await deposit()).outcome).toBe('stored')
        expect((await deposit()).outcome).toBe('mailbox-full')
      })

      test('of bytes replace the common limit', async () => {
        await quotas({ mailboxBytes: 10 })
        expect((await deposit(randomBytes(16), new Uint8Array(11))).outcome).toBe('mailbox-full')
        await quotas({ mailboxBytes: 2_000 })
        expect((await deposit(randomBytes(16), new Uint8Array(1_500))).outcome).toBe('stored')
      })

      test('of tokens replace the common limit', async () => {
        const add = () => [
          { hash: randomBytes(32), label: randomBytes(16), uses: null, expiresAtMs: null },
        ]
        await quotas({ tokens: 1 })
        const put = (most: number) =>
          storage.putTokens(alice.id, { add: add(), revoke: [] }, most, NOW)
        expect(await put(10)).toBe('too-many')
        await quotas({ tokens: 2 })
        expect(await put(1)).toBe('stored')
      })

      test('of one account leave others alone, and end with it', async () => {
        const bob = await register('bob')
        await storage.setQuotas(bob.id, { ...NO_QUOTAS, mailboxEnvelopes: 1 })
        await deposit()
        expect((await deposit()).outcome).toBe('stored')
        await storage.deleteAccount(bob.id)
        expect(await storage.setQuotas(bob.id, NO_QUOTAS)).toBe(false)
        await register('bob')
        expect((await storage.describeAccount('bob'))?.quotas).toEqual(NO_QUOTAS)
      })
    })

    describe('a block', () => {
      test('keeps everything out like a full mailbox, but repetitions, until it is lifted', async () => {
        const before = randomBytes(16)
        await deposit(before)
        expect(await storage.setBlocked(alice.id, NOW)).toBe(true)
        expect((await deposit()).outcome).toBe('mailbox-full')
        expect((await knock()).outcome).toBe('mailbox-full')
        expect((await deposit(before)).outcome).toBe('seen')
        expect(await storage.setBlocked(alice.id, null)).toBe(true)
        expect((await deposit()).outcome).toBe('stored')
        expect((await knock()).outcome).toBe('stored')
      })

      test('is listed with the mailboxes it closes, and ends with the account', async () => {
        expect(await storage.blockedAccounts()).toEqual([])
        await storage.setBlocked(alice.id, NOW)
        expect(await storage.blockedAccounts()).toEqual([{ id: alice.id, mailboxes: [mailbox] }])
        await storage.deleteAccount(alice.id)
        expect(await storage.blockedAccounts()).toEqual([])
        expect(await storage.setBlocked(alice.id, NOW)).toBe(false)
      })

      test('and quotas do not touch each other', async () => {
        await quotas({ mailboxEnvelopes: 1 })
        await storage.setBlocked(alice.id, NOW)
        await storage.setBlocked(alice.id, null)
        expect((await storage.describeAccount('alice'))?.quotas.mailboxEnvelopes).toBe(1)
        await storage.setBlocked(alice.id, NOW)
        await quotas({})
        expect((await storage.describeAccount('alice'))?.blockedAtMs).toBe(NOW)
      })
    })

    test('names are reserved, listed in order, and released', async () => {
      for (const reserved of ['root', 'admin', 'root', 'help']) await storage.reserveName(reserved)
      expect(await storage.reservedNames(null, 2)).toEqual(['admin', 'help'])
      expect(await storage.reservedNames('help', 2)).toEqual(['root'])
      expect(await storage.isReserved('admin')).toBe(true)
      expect(await storage.releaseName('admin')).toBe(true)
      expect(await storage.releaseName('admin')).toBe(false)
      expect(await storage.isReserved('admin')).toBe(false)
    })

    describe('statistics', () => {
      test('count what there is', async () => {
        await register('bob', NOW - DAY_MS)
        await register('carol', NOW - DAY_MS)
        await register('old', NOW - 40 * DAY_MS)
        const gone = await register('gone')
        await storage.deleteAccount(gone.id)
        await deposit(randomBytes(16), new Uint8Array(10))
        await deposit(randomBytes(16), new Uint8Array(20))
        await storage.acknowledge(mailbox, { through: 1 })
        await storage.setBlocked(alice.id, NOW)
        await storage.addInviteCode(randomBytes(32), 3, NOW + 10)
        await storage.addInviteCode(randomBytes(32), 3, NOW)
        const { databaseBytes, ...counted } = await storage.statistics(NOW)
        expect(counted).toEqual({
          accounts: 4,
          devices: 4,
          blockedAccounts: 1,
          waiting: 1,
          waitingBytes: 20,
          inviteUsesLeft: 3,
          registrations: [
            { day: new Date(NOW).toISOString().slice(0, 10), accounts: 1 },
            { day: new Date(NOW - DAY_MS).toISOString().slice(0, 10), accounts: 2 },
          ],
        })
        expect(databaseBytes).toBeGreaterThan(0)
      })
    })

    describe('after a restore', () => {
      test('no one-time key of the backup is given out, the last resort is, and a refill works', async () => {
        const key = (id: number) => ({ id, publicKey: Uint8Array.of(id) })
        const signed = (id: number) => ({ ...key(id), signature: Uint8Array.of(9) })
        const upload = (version: number, ids: readonly number[]) => ({
          version,
          signed: signed(100),
          kemLastResort: signed(200),
          oneTime: ids.map(key),
          kemOneTime: ids.map(signed),
        })
        const take = (hash: Uint8Array) =>
          storage.takeBundles(alice.id, {
            hash,
            nowMs: NOW,
            rememberUntilMs: NOW + 1_000,
            lastResortOnly: false,
          })
        await storage.publishPrekeys(mailbox, upload(1, [1, 2, 3]), 10)
        const asked = randomBytes(32)
        expect(await take(asked)).toMatchObject([{ oneTimePrekey: { id: 1 } }])
        await storage.markRestored(NOW)
        // Not even to whom asked before: the answer may have been used.
        for (const hash of [asked, randomBytes(32)]) {
          expect(await take(hash)).toMatchObject([
            { oneTimePrekey: null, kemPrekey: { id: 200, lastResort: true } },
          ])
        }
        expect(await storage.prekeyCounts(mailbox)).toMatchObject({ oneTime: 0, kemOneTime: 0 })
        await storage.publishPrekeys(mailbox, upload(2, [7]), 10)
        expect(await take(randomBytes(32))).toMatchObject([{ oneTimePrekey: { id: 7 } }])
      })

      test('numbers jump, so that a late acknowledgement reaches no new envelope', async () => {
        const old = randomBytes(16)
        await deposit(old)
        await storage.markRestored(NOW)
        const young = randomBytes(16)
        await deposit(young)
        // Given for an envelope that came after the backup and was lost with the old database.
        expect(await storage.acknowledge(mailbox, { through: 2 })).toBe(1)
        expect(await storage.waiting(mailbox, 0, 9, 1_000)).toMatchObject([
          { sequence: 2 + RESTORE_JUMP, id: Buffer.from(young) },
        ])
        const bob = await register('bob')
        expect(bob.id).toBeGreaterThan(RESTORE_JUMP)
        expect(bob.devices[0]?.mailbox).toBeGreaterThan(RESTORE_JUMP)
      })

      test('invite codes are gone, since spent ones would be good again; what waits is there', async () => {
        await storage.addInviteCode(randomBytes(32), 1, NOW + 10)
        await deposit()
        await storage.markRestored(NOW)
        expect(await storage.listInvites(null, 9, NOW)).toEqual([])
        expect(await storage.waiting(mailbox, 0, 9, 1_000)).toHaveLength(1)
      })
    })
  })
}
