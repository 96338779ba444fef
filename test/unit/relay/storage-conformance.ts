import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MAX_DEVICES } from '#crypto/device-list.ts'
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
  /** Whether changes that come at once count in the order in which they came, instead of in any. */
  readonly keepsOrder: boolean
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

      test('who signs is found by the name alone, and nobody by a name that is not there', async () => {
        const key = new Uint8Array(65).fill(5)
        const bob = await add({ ...newAccount('bob'), signingKey: key })
        expect(await storage.findSigner('bob')).toEqual({
          id: bob.id,
          signingKey: Buffer.from(key),
        })
        expect(await storage.findSigner('alice')).toEqual({
          id: account.id,
          signingKey: Buffer.alloc(65, 4),
        })
        expect(await storage.findSigner('carol')).toBeNull()
        await storage.deleteAccount(account.id)
        expect(await storage.findSigner('alice')).toBeNull()
        await storage.deleteAccount(bob.id)
        expect(await storage.findSigner('bob')).toBeNull()
      })

      test('a name that looks like one that is there is refused, until that is gone', async () => {
        const other = { signingKey: new Uint8Array(65).fill(5) }
        for (const name of ['a1ice', 'al.ice', 'aiice', 'alice_']) {
          expect(await storage.nameState(name)).toBe('looks-taken')
          expect(await storage.register(newAccount(name, other), NOW)).toEqual({
            outcome: 'looks-taken',
          })
          expect(await storage.findAccount(name)).toBeNull()
        }
        expect(await storage.nameState('alice')).toBe('taken')
        expect(await storage.nameState('alicia')).toBe('free')
        await storage.deleteAccount(account.id)
        expect(await storage.nameState('alice')).toBe('free')
        expect(await storage.register(newAccount('a1ice', other), NOW)).toEqual({
          outcome: 'created',
        })
        expect(await storage.register(newAccount('alice'), NOW)).toEqual({
          outcome: 'looks-taken',
        })
      })

      test('of many that look alike and come at once, one gets its name', async () => {
        const names = ['bill', 'bi1l', 'b.ill', 'bil-l', 'blll', 'bii1']
        const outcomes = await Promise.all(
          names.map((who, index) =>
            storage.register(newAccount(who, { signingKey: new Uint8Array(65).fill(index) }), NOW),
          ),
        )
        expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1)
        expect(outcomes.filter(({ outcome }) => outcome === 'looks-taken')).toHaveLength(5)
      })

      test('a look-alike spends no invite code', async () => {
        const inviteHash = randomBytes(32)
        await storage.addInviteCode(inviteHash, 1, NOW + 1_000)
        expect(await storage.register(newAccount('a1ice', { inviteHash }), NOW)).toEqual({
          outcome: 'looks-taken',
        })
        expect(await storage.register(newAccount('carol', { inviteHash }), NOW)).toEqual({
          outcome: 'created',
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

      test('an account has as many devices as a list can name, and each may still start anew', async () => {
        const register = (deviceId: number, certificate = Uint8Array.of(deviceId)) =>
          storage.register(newAccount('alice', { deviceId, certificate }), NOW)
        for (let deviceId = 2; deviceId <= MAX_DEVICES; deviceId++) {
          expect(await register(deviceId)).toEqual({ outcome: 'existing' })
        }
        expect(await register(MAX_DEVICES + 1)).toEqual({ outcome: 'too-many' })
        expect(await register(MAX_DEVICES, Uint8Array.of(0))).toEqual({ outcome: 'existing' })
        expect((await storage.findAccount('alice'))?.devices).toHaveLength(MAX_DEVICES)
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
        expect(await deposit(hash)).toMatchObject({ outcome: 'stored', mailbox })
        // Nor does it keep anybody from what else they have to say.
        const own = { ...token, hash: randomBytes(32) }
        const withdrawn = await addToken(bob.id)
        expect(await put({ add: [own], revoke: [hash, withdrawn] })).toBe('stored')
        expect(await deposit(hash)).toMatchObject({ outcome: 'stored', mailbox })
        expect(await deposit(own.hash)).toMatchObject({ outcome: 'stored' })
        expect(await deposit(withdrawn)).toEqual({ outcome: 'refused' })
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

      test('deposits and other changes that come at once add up', async () => {
        const [first, second] = [await addToken(account.id), await addToken(account.id)]
        const knock = () =>
          storage.knock({ mailbox, id: randomBytes(16), body: Uint8Array.of(1) }, LIMITS, NOW)
        const [acknowledged, expired, ...offered] = await Promise.all([
          storage.acknowledge(mailbox, { through: 2 }),
          storage.expire(NOW, 1_000_000),
          ...[deposit(first), deposit(second), knock(), deposit(first), deposit(second)],
          ...[deposit(first), deposit(second), deposit(first), deposit(second)],
        ])
        expect(expired).toBe(0)
        const stored = offered.filter(({ outcome }) => outcome === 'stored').length
        const full = offered.filter(({ outcome }) => outcome === 'mailbox-full').length
        expect(stored + full).toBe(offered.length)
        const waiting = (await storage.waiting(mailbox, 0, 100, 1e6)) ?? []
        expect(waiting).toHaveLength(stored - acknowledged)
        const sequences = waiting.map(({ sequence }) => sequence)
        expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b))
        // What is counted is what waits.
        for (let room = LIMITS.envelopes - waiting.length; room > 0; room--) {
          expect(await deposit(first)).toEqual({ outcome: 'stored', mailbox })
        }
        expect(await deposit(first)).toEqual({ outcome: 'mailbox-full' })
      })

      test('the same envelope many times at once is stored once', async () => {
        const hash = await addToken(account.id)
        const id = randomBytes(16)
        const outcomes = await Promise.all(Array.from({ length: 20 }, () => deposit(hash, id)))
        expect(outcomes.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1)
        expect(outcomes.filter(({ outcome }) => outcome === 'seen')).toHaveLength(19)
        expect(await storage.waiting(mailbox, 0, 100, 1e6)).toHaveLength(1)
      })

      test('a token good for few deposits is good for no more where many come at once', async () => {
        const hash = await addToken(account.id, 2)
        const outcomes = await Promise.all(Array.from({ length: 6 }, () => deposit(hash)))
        expect(outcomes.filter(({ outcome }) => outcome === 'stored')).toHaveLength(2)
        expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toHaveLength(4)
      })

      test('what is revoked or deleted meanwhile takes nothing more', async () => {
        const hash = await addToken(account.id)
        const [before, revoked, after] = await Promise.all([
          deposit(hash),
          storage.putTokens(account.id, { add: [], revoke: [hash] }, 100, NOW),
          deposit(hash),
        ])
        expect(revoked).toBe('stored')
        const stored = [before, after].filter(({ outcome }) => outcome === 'stored')
        const refused = [before, after].filter(({ outcome }) => outcome === 'refused')
        expect(stored.length + refused.length).toBe(2)
        expect(await storage.waiting(mailbox, 0, 100, 1e6)).toHaveLength(stored.length)
        expect(await deposit(hash)).toEqual({ outcome: 'refused' })
        const other = await addToken(account.id)
        await Promise.all([deposit(other), storage.deleteAccount(account.id), deposit(other)])
        expect(await deposit(other)).toEqual({ outcome: 'refused' })
        expect(await storage.waiting(mailbox, 0, 100, 1e6)).toBeNull()
      })

      if (subject.keepsOrder) {
        test('deposits and other changes that come at once count in the order in which they came', async () => {
          const [first, second] = [await addToken(account.id), await addToken(account.id)]
          const outcomes = await Promise.all([
            deposit(first),
            deposit(second),
            deposit(first),
            storage.acknowledge(mailbox, { through: 2 }),
            storage.knock({ mailbox, id: randomBytes(16), body: Uint8Array.of(1) }, LIMITS, NOW),
            deposit(second),
            storage.expire(NOW, 1_000_000),
            deposit(first),
            deposit(second),
            deposit(first),
          ])
          const stored = { outcome: 'stored', mailbox }
          const full = { outcome: 'mailbox-full' }
          expect(outcomes).toEqual([
            ...[stored, stored, stored],
            2,
            ...[stored, stored],
            0,
            ...[stored, stored, full],
          ])
          const waiting = await storage.waiting(mailbox, 0, 100, 1e6)
          expect(waiting?.map(({ sequence }) => sequence)).toEqual([3, 4, 5, 6, 7])
          expect(await deposit(second)).toEqual(full)
          await storage.acknowledge(mailbox, { through: 3 })
          expect(await deposit(second)).toEqual(stored)
          expect(await deposit(first)).toEqual(full)
        })

        test('what is revoked or deleted in between takes nothing more', async () => {
          const hash = await addToken(account.id)
          const outcomes = await Promise.all([
            deposit(hash),
            storage.putTokens(account.id, { add: [], revoke: [hash] }, 100, NOW),
            deposit(hash),
          ])
          expect(outcomes[0]).toMatchObject({ outcome: 'stored' })
          expect(outcomes[2]).toEqual({ outcome: 'refused' })
          const other = await addToken(account.id)
          const [before, , after] = await Promise.all([
            deposit(other),
            storage.deleteAccount(account.id),
            deposit(other),
          ])
          expect(before).toMatchObject({ outcome: 'stored' })
          expect(after).toEqual({ outcome: 'refused' })
          expect(await storage.waiting(mailbox, 0, 100, 1e6)).toBeNull()
        })
      }

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

      test('one that came while the clock was ahead does not keep those behind it', async () => {
        const tokenHash = await addToken(account.id)
        const ahead = randomBytes(16)
        await deposit(tokenHash, ahead, Uint8Array.of(1), NOW + 5 * RETENTION)
        await deposit(tokenHash)
        expect(await storage.expire(NOW + RETENTION, RETENTION)).toBe(1)
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toMatchObject([
          { id: Buffer.from(ahead) },
        ])
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

    describe('two processes on one database', () => {
      let other: RelayStorage
      beforeEach(async () => {
        other = await subject.openAnother()
      })
      afterEach(() => other.close())

      /** Runs something so often at once, in turn at either process. */
      function race<T>(count: number, run: (at: RelayStorage, turn: number) => Promise<T>) {
        const turns = Array.from({ length: count }, (_, turn) => turn)
        return Promise.all(turns.map((turn) => run(turn % 2 === 0 ? storage : other, turn)))
      }

      function outcomes(results: readonly { readonly outcome: string }[]): Record<string, number> {
        const counts: Record<string, number> = {}
        for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1
        return counts
      }

      function put(at: RelayStorage, tokenHash: Uint8Array, id: Uint8Array, limits = LIMITS) {
        const envelope = { tokenHash, deviceId: 1, id, body: Uint8Array.of(5) }
        return at.deposit(envelope, limits, NOW)
      }

      const WIDE: MailboxLimits = { ...LIMITS, envelopes: 1e6, bytes: 1e9 }

      test('share the secret, and see what the other did', async () => {
        expect(other.secret).toEqual(storage.secret)
        const hash = await addToken(account.id)
        expect(await put(other, hash, randomBytes(16))).toEqual({ outcome: 'stored', mailbox })
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toHaveLength(1)
        await other.acknowledge(mailbox, { through: 1 })
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toEqual([])
      })

      test('16 takers at once never get the same one-time key', async () => {
        const ids = Array.from({ length: 100 }, (_, index) => index + 1)
        await storage.publishPrekeys(mailbox, upload(1, ids), 100)
        const given: number[] = []
        await race(16, async (at) => {
          for (let turn = 0; turn < 8; turn++) {
            const [bundle] = (await at.takeBundles(account.id, take(randomBytes(32)))) ?? []
            if (bundle === undefined) throw new Error('there was no bundle')
            if (bundle.oneTimePrekey !== null) given.push(bundle.oneTimePrekey.id)
          }
        })
        expect(new Set(given).size).toBe(given.length)
        expect(given.length + ((await storage.prekeyCounts(mailbox))?.oneTime ?? 0)).toBe(100)
      })

      test('one request for bundles, repeated while it runs, takes one key', async () => {
        await storage.publishPrekeys(mailbox, upload(1, [1, 2, 3]), 10)
        const request = take(randomBytes(32))
        const [first, ...others] = await race(6, (at) => at.takeBundles(account.id, request))
        for (const one of others) expect(one).toEqual(first)
        expect(await storage.prekeyCounts(mailbox)).toMatchObject({ oneTime: 2, kemOneTime: 2 })
      })

      test('commit order is the order of sequences: a reader that follows misses nothing', async () => {
        const hashes = [await addToken(account.id), await addToken(account.id)]
        const deposited = new Set<string>()
        let done = false
        const senders = race(8, async (at, turn) => {
          for (let index = 0; index < 25; index++) {
            const id = randomBytes(16)
            deposited.add(Buffer.from(id).toString('hex'))
            await put(at, hashes[turn % 2] as Uint8Array, id, WIDE)
          }
        }).finally(() => (done = true))
        const read: string[] = []
        const sequences: number[] = []
        const follow = async (): Promise<void> => {
          for (;;) {
            const last = done
            const next = (await other.waiting(mailbox, sequences.at(-1) ?? 0, 50, 1e6)) ?? []
            sequences.push(...next.map(({ sequence }) => sequence))
            read.push(...next.map(({ id }) => Buffer.from(id).toString('hex')))
            if (last && next.length === 0) return
            await new Promise((resolve) => setImmediate(resolve))
          }
        }
        await Promise.all([senders, follow()])
        expect(new Set(read)).toEqual(deposited)
        expect(read).toHaveLength(deposited.size)
        expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
      })

      test('the same envelope at once is stored once', async () => {
        const hash = await addToken(account.id)
        const id = randomBytes(16)
        const results = await race(12, (at) => put(at, hash, id))
        expect(outcomes(results)).toEqual({ stored: 1, seen: 11 })
        expect(await storage.waiting(mailbox, 0, 10, 1_000)).toHaveLength(1)
      })

      test('a mailbox takes no more than its quota, whoever asks', async () => {
        const hash = await addToken(account.id)
        const results = await race(20, (at) => put(at, hash, randomBytes(16)))
        expect(outcomes(results)).toEqual({
          stored: LIMITS.envelopes,
          'mailbox-full': 20 - LIMITS.envelopes,
        })
        const knocks = await race(6, (at) =>
          at.knock({ mailbox, id: randomBytes(16), body: Uint8Array.of(1) }, WIDE, NOW),
        )
        expect(outcomes(knocks)).toEqual({ stored: WIDE.knocks, 'mailbox-full': 6 - WIDE.knocks })
      })

      test('a bounded token is good for its number of deposits', async () => {
        const hash = await addToken(account.id, 3)
        const results = await race(10, (at) => put(at, hash, randomBytes(16), WIDE))
        expect(outcomes(results)).toEqual({ stored: 3, refused: 7 })
      })

      test('one token cannot be claimed by two accounts', async () => {
        const bob = await add(newAccount('bob'))
        const hash = randomBytes(32)
        const token = { hash, label: new Uint8Array(16), uses: null, expiresAtMs: null }
        const results = await race(2, (at, turn) =>
          at.putTokens(turn === 0 ? account.id : bob.id, { add: [token], revoke: [] }, 10, NOW),
        )
        expect(results.toSorted()).toEqual(['conflict', 'stored'])
      })

      test('a name is given once, a code as often as it says', async () => {
        const keys = Array.from({ length: 6 }, (_, index) => new Uint8Array(65).fill(10 + index))
        const claims = await race(6, (at, turn) =>
          at.register(newAccount('carol', { signingKey: keys[turn] as Uint8Array }), NOW),
        )
        expect(outcomes(claims)).toEqual({ created: 1, taken: 5 })
        const inviteHash = randomBytes(32)
        await storage.addInviteCode(inviteHash, 2, NOW + 1_000)
        const invited = await race(6, (at, turn) =>
          at.register(newAccount(`guest${turn}`, { inviteHash }), NOW),
        )
        expect(outcomes(invited)).toEqual({ created: 2, 'invite-refused': 4 })
      })

      test('a nonce is used once', async () => {
        const hash = randomBytes(32)
        const used = await race(8, (at) => at.useNonce(hash, NOW))
        expect(used.filter(Boolean)).toHaveLength(1)
      })

      test('what is acknowledged while more comes leaves the sums right', async () => {
        const hash = await addToken(account.id)
        await race(8, async (at, turn) => {
          for (let index = 0; index < 10; index++) {
            if (turn % 4 === 0) await at.acknowledge(mailbox, { through: 1e9 })
            else await put(at, hash, randomBytes(16), WIDE)
          }
        })
        await storage.acknowledge(mailbox, { through: 1e9 })
        const refill = await race(LIMITS.envelopes + 1, (at) => put(at, hash, randomBytes(16)))
        expect(outcomes(refill)).toEqual({ stored: LIMITS.envelopes, 'mailbox-full': 1 })
      })

      test('an account that is deleted meanwhile leaves nothing', async () => {
        const hash = await addToken(account.id)
        const results = await race(12, async (at, turn) => {
          if (turn !== 6) return put(at, hash, randomBytes(16), WIDE)
          await at.deleteAccount(account.id)
          return { outcome: 'deleted' }
        })
        for (const { outcome } of results) expect(outcome).toMatch(/^(stored|refused|deleted)$/)
        expect(await other.waiting(mailbox, 0, 10, 1_000)).toBeNull()
        expect(await put(other, hash, randomBytes(16))).toEqual({ outcome: 'refused' })
        const again = await add(newAccount('alice'))
        expect(await storage.waiting(again.devices[0]?.mailbox as MailboxId, 0, 10, 1e6)).toEqual(
          [],
        )
      })

      test('a device renewed meanwhile gets what is deposited from then on', async () => {
        const hash = await addToken(account.id)
        await race(9, async (at, turn) => {
          if (turn === 4)
            await at.register(newAccount('alice', { certificate: randomBytes(9) }), NOW)
          else await put(at, hash, randomBytes(16), WIDE)
        })
        const renewed = await storage.findAccount('alice')
        const current = renewed?.devices[0]?.mailbox as MailboxId
        expect(current).not.toBe(mailbox)
        const id = randomBytes(16)
        expect(await put(other, hash, id, WIDE)).toEqual({ outcome: 'stored', mailbox: current })
        const waiting = (await storage.waiting(current, 0, 100, 1e6)) ?? []
        expect(waiting.at(-1)?.id).toEqual(Buffer.from(id))
        expect(await storage.waiting(mailbox, 0, 10, 1e6)).toBeNull()
      })

      test('expiring at both frees each envelope once', async () => {
        const hash = await addToken(account.id)
        for (let index = 0; index < LIMITS.envelopes; index++) await deposit(hash)
        const removed = await race(4, (at) => at.expire(NOW + 10, 10))
        expect(removed.reduce((sum, count) => sum + count, 0)).toBe(LIMITS.envelopes)
        const refill = await race(LIMITS.envelopes + 1, (at) => put(at, hash, randomBytes(16)))
        expect(outcomes(refill)).toEqual({ stored: LIMITS.envelopes, 'mailbox-full': 1 })
      })
    })

    test('it answers a ping', async () => {
      expect((await storage.ping()).copies).toMatch(/^(one|quorum)$/)
    })
  })
}
