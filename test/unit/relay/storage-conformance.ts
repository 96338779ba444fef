import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type {
  AccountId,
  AccountRecord,
  MailboxId,
  MailboxLimits,
  NewAccount,
  PrekeyUpload,
  RelayStorage,
  TokenRecord,
} from '#relay/storage.ts'

const LIMITS: MailboxLimits = { envelopes: 5, bytes: 1_000, knocks: 2, idleMs: 10_000 }
const NOW = 1_000_000

function newAccount(name: string, change: Partial<NewAccount> = {}): NewAccount {
  return {
    name,
    signingKey: new Uint8Array(65).fill(4),
    deviceId: 1,
    certificate: Uint8Array.of(1, 2, 3),
    inviteHash: null,
    ...change,
  }
}

function upload(version: number, ids: readonly number[]): PrekeyUpload {
  const key = (id: number) => ({ id, publicKey: Uint8Array.of(id) })
  const signed = (id: number) => ({ ...key(id), signature: Uint8Array.of(9) })
  return {
    version,
    signed: signed(100 + version),
    kemLastResort: signed(200 + version),
    oneTime: ids.map(key),
    kemOneTime: ids.map(signed),
  }
}

const take = (hash: Uint8Array, nowMs: number = NOW, lastResortOnly = false) => ({
  hash,
  nowMs,
  rememberUntilMs: nowMs + 1_000,
  lastResortOnly,
})

/** A database of an engine under test. */
export interface StorageSubject {
  /** Opens it, empty. */
  open(): Promise<RelayStorage>
  /** Opens the same again, as another process of the relay would. */
  openAnother(): Promise<RelayStorage>
}

/** What every engine of the storage port must do. */
export function storageConformance(name: string, subject: StorageSubject): void {
  describe(`${name} as relay storage`, () => {
    let storage: RelayStorage
    let account: AccountRecord
    let mailbox: MailboxId

    async function add(change: NewAccount): Promise<AccountRecord> {
      await storage.register(change, NOW)
      const found = await storage.findAccount(change.name)
      if (found === null) throw new Error('the account was not stored')
      return found
    }

    async function addToken(owner: AccountId, uses: number | null = null): Promise<Uint8Array> {
      const hash = randomBytes(32)
      const token = { hash, label: Uint8Array.of(...hash.subarray(0, 16)), uses, expiresAtMs: null }
      expect(await storage.putTokens(owner, { add: [token], revoke: [] }, 100, NOW)).toBe('stored')
      return hash
    }

    function deposit(
      tokenHash: Uint8Array,
      id = randomBytes(16),
      body = Uint8Array.of(5),
      at = NOW,
    ) {
      return storage.deposit({ tokenHash, deviceId: 1, id, body }, LIMITS, at)
    }

    beforeEach(async () => {
      storage = await subject.open()
      account = await add(newAccount('alice'))
      mailbox = account.devices[0]?.mailbox as MailboxId
    })
    afterEach(() => storage.close())

    describe('accounts', () => {
      test('an account is found as it was registered', () => {
        expect(account).toMatchObject({
          name: 'alice',
          signingKey: Buffer.alloc(65, 4),
          devices: [{ deviceId: 1, certificate: Buffer.of(1, 2, 3) }],
        })
      })

      test('the same key may register again, another may not', async () => {
        expect(await storage.register(newAccount('alice'), NOW)).toEqual({ outcome: 'existing' })
        const other = newAccount('alice', { signingKey: new Uint8Array(65).fill(5) })
        expect(await storage.register(other, NOW)).toEqual({ outcome: 'taken' })
      })

      test('a new certificate replaces the device and what was kept for its old keys', async () => {
        const tokenHash = await addToken(account.id)
        await storage.publishPrekeys(mailbox, upload(3, [1]), 10)
        await deposit(tokenHash)
        const renewed = await add(newAccount('alice', { certificate: Uint8Array.of(7) }))
        const [device] = renewed.devices
        expect(device?.certificate).toEqual(Buffer.of(7))
        expect(device?.mailbox).not.toBe(mailbox)
        expect(await storage.waiting(device?.mailbox as MailboxId, 0, 10, 1_000)).toEqual([])
        expect(await deposit(tokenHash)).toMatchObject({ outcome: 'stored' })
      })

      test('after deletion nothing is left, and the name is free for another key', async () => {
        const tokenHash = await addToken(account.id)
        await deposit(tokenHash)
        await storage.deleteAccount(account.id)
        await storage.deleteAccount(account.id)
        expect(await storage.findAccount('alice')).toBeNull()
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toBeNull()
        expect(await deposit(tokenHash)).toEqual({ outcome: 'refused' })
        expect(await storage.publishPrekeys(mailbox, upload(1, [1]), 10)).toMatchObject({
          outcome: 'gone',
        })
        expect(await storage.takeBundles(account.id, take(randomBytes(32)))).toBeNull()
        expect(await storage.putTokens(account.id, { add: [], revoke: [tokenHash] }, 9, NOW)).toBe(
          'gone',
        )
        const again = await add(newAccount('alice', { signingKey: new Uint8Array(65).fill(6) }))
        expect(again.id).not.toBe(account.id)
        expect(again.devices[0]?.mailbox).not.toBe(mailbox)
      })

      test('an invite code is good for its uses and its time', async () => {
        const inviteHash = randomBytes(32)
        await storage.addInviteCode(inviteHash, 2, NOW + 1_000)
        const register = (who: string, hash: Uint8Array, at = NOW) =>
          storage.register(newAccount(who, { inviteHash: hash }), at)
        expect(await register('bob', randomBytes(32))).toEqual({ outcome: 'invite-refused' })
        expect(await register('bob', inviteHash)).toEqual({ outcome: 'created' })
        expect(await register('bob', inviteHash)).toEqual({ outcome: 'existing' })
        expect(await register('carol', inviteHash, NOW + 1_000)).toEqual({
          outcome: 'invite-refused',
        })
        expect(await register('carol', inviteHash)).toEqual({ outcome: 'created' })
        expect(await register('dave', inviteHash)).toEqual({ outcome: 'invite-refused' })
      })
    })

    describe('prekeys', () => {
      test('each one-time key is given once, oldest first, then the last resort', async () => {
        await storage.publishPrekeys(mailbox, upload(1, [5, 3]), 10)
        const ids: unknown[] = []
        for (let request = 0; request < 3; request++) {
          const [bundle] = (await storage.takeBundles(account.id, take(randomBytes(32)))) ?? []
          ids.push([bundle?.oneTimePrekey?.id, bundle?.kemPrekey.id, bundle?.kemPrekey.lastResort])
        }
        expect(ids).toEqual([
          [3, 3, false],
          [5, 5, false],
          [undefined, 201, true],
        ])
      })

      test('the same request gets the same bundle for its time', async () => {
        await storage.publishPrekeys(mailbox, upload(1, [1, 2]), 10)
        const hash = randomBytes(32)
        const first = await storage.takeBundles(account.id, take(hash))
        expect(first).toMatchObject([{ oneTimePrekey: { id: 1, publicKey: Buffer.of(1) } }])
        expect(await storage.takeBundles(account.id, take(hash))).toEqual(first)
        expect(await storage.takeBundles(account.id, take(hash, NOW + 1_000))).toMatchObject([
          { oneTimePrekey: { id: 2 } },
        ])
      })

      test('concurrent requests never get the same one-time key', async () => {
        const ids = Array.from({ length: 50 }, (_, index) => index + 1)
        await storage.publishPrekeys(mailbox, upload(1, ids), 100)
        const taken = await Promise.all(
          ids.map(() => storage.takeBundles(account.id, take(randomBytes(32)))),
        )
        const given = taken.map((bundles) => bundles?.[0]?.oneTimePrekey?.id)
        expect(new Set(given)).toEqual(new Set(ids))
      })

      test('the last resort alone spares the one-time keys', async () => {
        await storage.publishPrekeys(mailbox, upload(1, [1]), 10)
        const spared = await storage.takeBundles(account.id, take(randomBytes(32), NOW, true))
        expect(spared).toMatchObject([{ kemPrekey: { lastResort: true }, oneTimePrekey: null }])
        expect(await storage.prekeyCounts(mailbox)).toEqual({
          version: 1,
          oneTime: 1,
          kemOneTime: 1,
        })
      })

      test('a repeated upload changes nothing, an older one is stale, a newer one adds', async () => {
        await storage.publishPrekeys(mailbox, upload(2, [1]), 10)
        await storage.takeBundles(account.id, take(randomBytes(32)))
        expect(await storage.publishPrekeys(mailbox, upload(2, [1]), 10)).toEqual({
          outcome: 'stored',
          counts: { version: 2, oneTime: 0, kemOneTime: 0 },
        })
        expect((await storage.publishPrekeys(mailbox, upload(1, [8]), 10)).outcome).toBe('stale')
        expect(await storage.publishPrekeys(mailbox, upload(3, [8, 9]), 10)).toEqual({
          outcome: 'stored',
          counts: { version: 3, oneTime: 2, kemOneTime: 2 },
        })
        const [bundle] = (await storage.takeBundles(account.id, take(randomBytes(32)))) ?? []
        expect(bundle?.signedPrekey.id).toBe(103)
      })

      test('an upload beyond the bound stores nothing', async () => {
        const outcome = await storage.publishPrekeys(mailbox, upload(1, [1, 2, 3]), 2)
        expect(outcome).toEqual({
          outcome: 'too-many',
          counts: { version: 0, oneTime: 0, kemOneTime: 0 },
        })
      })
    })

    describe('tokens', () => {
      test('a revoked token never works again, in whatever order things arrive', async () => {
        const hash = randomBytes(32)
        const token = { hash, label: new Uint8Array(16), uses: null, expiresAtMs: null }
        const put = (change: { add: TokenRecord[]; revoke: Uint8Array[] }) =>
          storage.putTokens(account.id, change, 10, NOW)
        await put({ add: [], revoke: [hash] })
        await put({ add: [token], revoke: [] })
        expect(await deposit(hash)).toEqual({ outcome: 'refused' })

        const other = await addToken(account.id)
        expect(await deposit(other)).toMatchObject({ outcome: 'stored' })
        await put({ add: [], revoke: [other] })
        await put({ add: [{ ...token, hash: other }], revoke: [other] })
        expect(await deposit(other)).toEqual({ outcome: 'refused' })
      })

      test('a bounded token takes its deposits, and the last one again', async () => {
        const hash = await addToken(account.id, 2)
        const last = randomBytes(16)
        expect(await deposit(hash)).toMatchObject({ outcome: 'stored' })
        expect(await deposit(hash, last)).toMatchObject({ outcome: 'stored' })
        expect(await deposit(hash, last)).toEqual({ outcome: 'seen' })
        expect(await deposit(hash)).toEqual({ outcome: 'refused' })
      })

      test('a token ends at its time', async () => {
        const hash = randomBytes(32)
        const token = { hash, label: new Uint8Array(16), uses: null, expiresAtMs: NOW + 1 }
        await storage.putTokens(account.id, { add: [token], revoke: [] }, 10, NOW)
        expect(await deposit(hash, randomBytes(16), Uint8Array.of(1), NOW)).toMatchObject({
          outcome: 'stored',
        })
        expect(await deposit(hash, randomBytes(16), Uint8Array.of(1), NOW + 1)).toEqual({
          outcome: 'refused',
        })
      })

      test("nobody can take or revoke another account's token", async () => {
        const bob = await add(newAccount('bob'))
        const hash = await addToken(account.id)
        const token = { hash, label: new Uint8Array(16), uses: null, expiresAtMs: null }
        const put = (change: { add: TokenRecord[]; revoke: Uint8Array[] }) =>
          storage.putTokens(bob.id, change, 10, NOW)
        expect(await put({ add: [token], revoke: [] })).toBe('conflict')
        expect(await put({ add: [], revoke: [hash] })).toBe('conflict')
        expect(await deposit(hash)).toMatchObject({ outcome: 'stored', mailbox })
      })

      test('their number is bounded, but revoking always works', async () => {
        const hash = await addToken(account.id)
        const token = { hash: randomBytes(32), label: hash, uses: null, expiresAtMs: null }
        expect(await storage.putTokens(account.id, { add: [token], revoke: [] }, 1, NOW)).toBe(
          'too-many',
        )
        expect(await storage.putTokens(account.id, { add: [], revoke: [hash] }, 1, NOW)).toBe(
          'stored',
        )
      })
    })

    describe('envelopes', () => {
      test('they wait in the order of arrival, with label and time', async () => {
        const hash = await addToken(account.id)
        const ids = [randomBytes(16), randomBytes(16), randomBytes(16)]
        await Promise.all(ids.map((id, index) => deposit(hash, id, Uint8Array.of(index))))
        const waiting = (await storage.waiting(mailbox, 0, 10, 1_000)) ?? []
        expect(waiting).toEqual(
          ids.map((id, index) => ({
            sequence: index + 1,
            id: Buffer.from(id),
            label: Buffer.from(hash.subarray(0, 16)),
            receivedAtMs: NOW,
            body: Buffer.of(index),
          })),
        )
        expect(await storage.waiting(mailbox, 2, 10, 1_000)).toMatchObject([{ sequence: 3 }])
        expect(await storage.waiting(mailbox, 0, 2, 1_000)).toHaveLength(2)
      })

      test('what is read at once is bounded in bytes, but never nothing', async () => {
        const hash = await addToken(account.id)
        for (let index = 0; index < 3; index++) {
          await deposit(hash, randomBytes(16), new Uint8Array(100))
        }
        expect(await storage.waiting(mailbox, 0, 10, 1)).toHaveLength(1)
        expect(await storage.waiting(mailbox, 0, 10, 200)).toHaveLength(2)
      })

      test('a repeated deposit is seen, even after its acknowledgement', async () => {
        const hash = await addToken(account.id)
        const id = randomBytes(16)
        expect(await deposit(hash, id)).toMatchObject({ outcome: 'stored', mailbox })
        expect(await deposit(hash, id)).toEqual({ outcome: 'seen' })
        await storage.acknowledge(mailbox, { through: 1 })
        expect(await deposit(hash, id)).toEqual({ outcome: 'seen' })
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toEqual([])
      })

      test('acknowledging is idempotent, by sequence or by id', async () => {
        const hash = await addToken(account.id)
        const ids = [randomBytes(16), randomBytes(16), randomBytes(16)]
        for (const id of ids) await deposit(hash, id)
        expect(await storage.acknowledge(mailbox, { ids: [ids[1] as Uint8Array] })).toBe(1)
        expect(await storage.acknowledge(mailbox, { ids: [ids[1] as Uint8Array] })).toBe(0)
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toMatchObject([
          { sequence: 1 },
          { sequence: 3 },
        ])
        expect(await storage.acknowledge(mailbox, { through: 3 })).toBe(2)
        expect(await storage.acknowledge(mailbox, { through: 3 })).toBe(0)
      })

      test('a full mailbox takes more once something was acknowledged', async () => {
        const hash = await addToken(account.id)
        for (let index = 0; index < LIMITS.envelopes; index++) await deposit(hash)
        expect(await deposit(hash)).toEqual({ outcome: 'mailbox-full' })
        await storage.acknowledge(mailbox, { through: 2 })
        expect(await deposit(hash)).toMatchObject({ outcome: 'stored' })
      })

      test('a mailbox is bounded in bytes', async () => {
        const hash = await addToken(account.id)
        const body = new Uint8Array(600)
        expect(await deposit(hash, randomBytes(16), body)).toMatchObject({ outcome: 'stored' })
        expect(await deposit(hash, randomBytes(16), body)).toEqual({ outcome: 'mailbox-full' })
        await storage.acknowledge(mailbox, { through: 1 })
        expect(await deposit(hash, randomBytes(16), body)).toMatchObject({ outcome: 'stored' })
      })

      test('knocks carry the zero label and are few', async () => {
        const knock = (id: Uint8Array) =>
          storage.knock({ mailbox, id, body: Uint8Array.of(1) }, LIMITS, NOW)
        const first = randomBytes(16)
        expect(await knock(first)).toMatchObject({ outcome: 'stored' })
        expect(await knock(first)).toEqual({ outcome: 'seen' })
        expect(await knock(randomBytes(16))).toMatchObject({ outcome: 'stored' })
        expect(await knock(randomBytes(16))).toEqual({ outcome: 'mailbox-full' })
        const [waiting] = (await storage.waiting(mailbox, 0, 10, 1_000)) ?? []
        expect(waiting?.label).toEqual(Buffer.alloc(16))
        await storage.acknowledge(mailbox, { through: 1 })
        expect(await knock(randomBytes(16))).toMatchObject({ outcome: 'stored' })
      })

      test('a device not seen for long takes nothing until it comes back', async () => {
        const hash = await addToken(account.id)
        const later = NOW + LIMITS.idleMs + 1
        expect(await deposit(hash, randomBytes(16), Uint8Array.of(1), later)).toEqual({
          outcome: 'mailbox-full',
        })
        await storage.touchDevice(mailbox, later)
        expect(await deposit(hash, randomBytes(16), Uint8Array.of(1), later)).toMatchObject({
          outcome: 'stored',
        })
      })

      test('an unknown device or token is refused', async () => {
        const tokenHash = await addToken(account.id)
        const envelope = { tokenHash, deviceId: 2, id: randomBytes(16), body: Uint8Array.of(1) }
        expect(await storage.deposit(envelope, LIMITS, NOW)).toEqual({ outcome: 'refused' })
        expect(await deposit(randomBytes(32))).toEqual({ outcome: 'refused' })
      })
    })

    describe('expiry', () => {
      const RETENTION = 1_000

      test('old envelopes go and free their space, younger ones stay', async () => {
        const hash = await addToken(account.id)
        for (let index = 0; index < LIMITS.envelopes; index++) await deposit(hash)
        await storage.acknowledge(mailbox, { through: 1 })
        await deposit(hash, randomBytes(16), Uint8Array.of(8), NOW + 500)
        expect(await storage.expire(NOW + RETENTION, RETENTION)).toBe(LIMITS.envelopes)
        expect(await storage.expire(NOW + RETENTION, RETENTION)).toBe(0)
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toMatchObject([{ sequence: 6 }])
        for (let index = 0; index < LIMITS.envelopes - 1; index++) {
          expect(await deposit(hash)).toMatchObject({ outcome: 'stored' })
        }
        expect(await deposit(hash)).toEqual({ outcome: 'mailbox-full' })
      })

      test('ended tokens, nonces, codes and remembered bundles go with their time', async () => {
        await addToken(account.id, 1).then((hash) => deposit(hash))
        await storage.useNonce(randomBytes(32), NOW + 10)
        await storage.addInviteCode(randomBytes(32), 1, NOW + 10)
        await storage.takeBundles(account.id, take(randomBytes(32), NOW))
        expect(await storage.expire(NOW, RETENTION)).toBe(0)
        expect(await storage.expire(NOW + 10, RETENTION)).toBe(2)
        expect(await storage.expire(NOW + 1_000, RETENTION)).toBe(3)
      })
    })

    test('a nonce is used once', async () => {
      const hash = randomBytes(32)
      expect(await storage.useNonce(hash, NOW)).toBe(true)
      expect(await storage.useNonce(hash, NOW)).toBe(false)
      expect(await storage.useNonce(randomBytes(32), NOW)).toBe(true)
    })

    test('it answers a ping', async () => {
      expect((await storage.ping()).copies).toMatch(/^(one|quorum)$/)
    })
  })
}
