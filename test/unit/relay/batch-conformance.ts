import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { AccountRecord, MailboxId, MailboxLimits, RelayStorage } from '#relay/storage.ts'

const LIMITS: MailboxLimits = { envelopes: 3, bytes: 1_000, knocks: 2, idleMs: 10_000 }
const NOW = 1_000_000
const RETENTION = 1_000

interface Receiver {
  readonly account: AccountRecord
  readonly mailbox: MailboxId
  readonly tokenHash: Uint8Array
}

/**
 * What every engine must do with batches.
 * @param countBodies - how many bodies of batches the engine holds.
 */
export function batchConformance(
  name: string,
  open: () => RelayStorage | Promise<RelayStorage>,
  countBodies: (storage: RelayStorage) => number | Promise<number>,
): void {
  describe(`${name} as storage of batches`, () => {
    let storage: RelayStorage
    let ada: Receiver
    let ben: Receiver

    async function receiver(account: string): Promise<Receiver> {
      const device = { deviceId: 1, certificate: Uint8Array.of(1), inviteHash: null }
      await storage.register({ name: account, signingKey: randomBytes(65), ...device }, NOW)
      const found = await storage.findAccount(account)
      const mailbox = found?.devices[0]?.mailbox
      if (found === null || mailbox === undefined) throw new Error('the account was not stored')
      const token = { hash: randomBytes(32), label: randomBytes(16), uses: null, expiresAtMs: null }
      await storage.putTokens(found.id, { add: [token], revoke: [] }, 10, NOW)
      return { account: found, mailbox, tokenHash: token.hash }
    }

    const target = ({ tokenHash }: Receiver, id = randomBytes(16)) => ({
      tokenHash,
      deviceId: 1,
      id,
    })
    const deposit = (targets: readonly ReturnType<typeof target>[], body = Uint8Array.of(1, 2)) =>
      storage.depositBatch({ targets, body }, LIMITS, NOW)
    const waiting = async ({ mailbox }: Receiver) =>
      (await storage.waiting(mailbox, 0, 10, 10_000)) ?? []

    beforeEach(async () => {
      storage = await open()
      ada = await receiver('ada')
      ben = await receiver('ben')
    })
    afterEach(() => storage.close())

    test('each target gets the body under its own id and label, beside single deposits', async () => {
      const targets = [target(ada), target(ben)]
      expect(await deposit(targets)).toEqual([
        { outcome: 'stored', mailbox: ada.mailbox },
        { outcome: 'stored', mailbox: ben.mailbox },
      ])
      await storage.deposit({ ...target(ada), body: Uint8Array.of(3) }, LIMITS, NOW)
      expect(await waiting(ada)).toMatchObject([
        { sequence: 1, id: Buffer.from(targets[0]?.id ?? []), body: Buffer.of(1, 2) },
        { sequence: 2, body: Buffer.of(3) },
      ])
      expect(await waiting(ben)).toMatchObject([{ sequence: 1, body: Buffer.of(1, 2) }])
      expect(await countBodies(storage)).toBe(1)
    })

    test('what one target refuses does not keep the others from it', async () => {
      const unknown = { ...target(ada), tokenHash: randomBytes(32) }
      const otherDevice = { ...target(ada), deviceId: 2 }
      const outcomes = await deposit([unknown, otherDevice, target(ben)])
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'stored'])
      expect(await deposit([unknown])).toEqual([{ outcome: 'refused' }])
      expect(await countBodies(storage)).toBe(1)
    })

    test('a repeated batch is seen, and goes to those that it did not reach before', async () => {
      const first = target(ada)
      await deposit([first])
      const outcomes = await deposit([first, target(ben), first])
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['seen', 'stored', 'seen'])
      await storage.acknowledge(ada.mailbox, { through: 1 })
      expect(await deposit([first])).toEqual([{ outcome: 'seen' }])
      expect(await waiting(ada)).toEqual([])
      // Of the first batch nothing waits any more, of the second one does.
      expect(await countBodies(storage)).toBe(1)
    })

    test('quotas count the body whole for each mailbox, and give it back', async () => {
      const outcomes = async (receivers: readonly Receiver[]) =>
        (
          await deposit(
            receivers.map((one) => target(one)),
            randomBytes(600),
          )
        ).map(({ outcome }) => outcome)
      expect(await outcomes([ada, ada, ben])).toEqual(['stored', 'mailbox-full', 'stored'])
      expect(await storage.acknowledge(ada.mailbox, { through: 1 })).toBe(1)
      expect(await outcomes([ada, ben])).toEqual(['stored', 'mailbox-full'])
    })

    test('the body goes with the last envelope that is acknowledged, by sequence or id', async () => {
      const id = randomBytes(16)
      await deposit([target(ada), target(ben, id)])
      await storage.acknowledge(ada.mailbox, { through: 1 })
      expect(await waiting(ben)).toMatchObject([{ body: Buffer.of(1, 2) }])
      expect(await countBodies(storage)).toBe(1)
      await storage.acknowledge(ben.mailbox, { ids: [id] })
      expect(await countBodies(storage)).toBe(0)
    })

    test('the body goes with deleted accounts', async () => {
      await deposit([target(ada), target(ben)])
      await storage.deleteAccount(ada.account.id)
      expect(await waiting(ben)).toHaveLength(1)
      await storage.deleteAccount(ben.account.id)
      expect(await countBodies(storage)).toBe(0)
    })

    test('the body goes with its time, and the quota is free again', async () => {
      await deposit([target(ada), target(ben)], randomBytes(900))
      await storage.acknowledge(ben.mailbox, { through: 1 })
      expect(await storage.expire(NOW + RETENTION, RETENTION)).toBe(2)
      expect(await countBodies(storage)).toBe(0)
      const again = await deposit([target(ada)], randomBytes(900))
      expect(again).toMatchObject([{ outcome: 'stored' }])
    })

    test('a token for some uses is spent by a batch', async () => {
      const token = { hash: randomBytes(32), label: randomBytes(16), uses: 1, expiresAtMs: null }
      await storage.putTokens(ada.account.id, { add: [token], revoke: [] }, 10, NOW)
      const once = { ...target(ada), tokenHash: token.hash }
      const outcomes = await deposit([once, { ...target(ada), tokenHash: token.hash }, once])
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(['stored', 'refused', 'seen'])
    })
  })
}
