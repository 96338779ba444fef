import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addContact } from '#core/contact-creation.ts'
import type { Context } from '#core/context.ts'
import { compareClaims, keepClaims, withCheckpoints } from '#core/log-gossip.ts'
import type { Contact, Relation } from '#core/model.ts'
import { auditOwnEntry } from '#core/own-entry.ts'
import { createCheckpoint } from '#crypto/log-checkpoints.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { makeAddress, type RelayHost } from '#protocol/address.ts'
import type { SeenCheckpoint } from '#protocol/content.ts'
import type { RelayStorage } from '#relay/storage.ts'
import { bareClient } from '#test/helpers/bare-client.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import { memoryStorage, testRelay, type TestRelay } from '../relay/harness.ts'

let storage: RelayStorage
let logKey: SigningKeyPair
let relay: TestRelay
let host: RelayHost
let ada: Context
let closeAda: () => Promise<void>

beforeEach(async () => {
  storage = memoryStorage()
  const key = SigningKeyPair.fromScalar(storage.logKey)
  if (key === null) throw new Error('the log has no key')
  logKey = key
  relay = await testRelay({}, { storage })
  host = relay.host as RelayHost
  const client = await bareClient('ada', host)
  ada = client.context
  closeAda = client.close
  valueOf(await auditOwnEntry(ada))
})
afterEach(async () => {
  await closeAda()
  await relay.close()
})

function contact(name: string, relation: Relation = 'accepted', at: RelayHost = host): Contact {
  const { publicKey } = SigningKeyPair.generate(randomBytes)
  const address = makeAddress(name, at)
  return addContact(ada, { address, signingKey: publicKey, relation, verified: false })
}

/** What a contact could have seen: signed by the relay's own key, where nothing else is said. */
function seen(
  size: number,
  root: Uint8Array,
  key = logKey,
  from: string = host,
  signedAtMs = Date.now(),
): SeenCheckpoint {
  const checkpoint = createCheckpoint(key, { size, root, signedAtMs })
  return { relay: from, logKey: key.publicKey, checkpoint }
}

async function told(by: Contact, ...checkpoints: SeenCheckpoint[]): Promise<void> {
  keepClaims(ada, by, { sentAtMs: 1, checkpoints })
  await compareClaims(ada)
}

const reason = () => ada.store.relayLogs.get(host)?.distrust?.reason ?? null
const waiting = () => ada.store.relayLogs.listClaims().length
const sizeKnown = () => ada.store.relayLogs.get(host)?.checkpoint.subarray(1, 9).at(-1)

describe('a checkpoint that a contact has seen', () => {
  test('of the same log changes nothing, and a newer one is kept', async () => {
    const ben = contact('ben')
    const { root } = await storage.logHead()
    await told(ben, seen(1, root))
    await told(ben, seen(0, randomBytes(32)))
    expect([reason(), waiting(), sizeKnown()]).toEqual([null, 0, 1])

    const list = { version: 1, bytes: Uint8Array.of(1), deviceIds: [1] }
    const account = { name: 'eve', deviceId: 1, certificate: Uint8Array.of(1), inviteHash: null }
    await storage.register({ ...account, signingKey: new Uint8Array(65), deviceList: list }, 1)
    const newest = await storage.logHead()
    // Signed for another time, it would keep us from asking for a newer one.
    const inAYear = Date.now() + 365 * 86_400_000
    await told(ben, seen(2, newest.root, logKey, host, inAYear))
    expect([reason(), waiting(), sizeKnown()]).toEqual([null, 0, 1])
    await told(ben, seen(2, newest.root))
    expect([reason(), waiting(), sizeKnown()]).toEqual([null, 0, 2])
  })

  test.each([
    ['of the same size', 1],
    ['of a larger size than the relay has', 9],
  ])('of another log %s stops trust in the relay', async (_, size) => {
    await told(contact('ben'), seen(size, randomBytes(32)))
    expect([reason(), waiting()]).toEqual(['split-view', 0])
  })

  test('that the relay did not sign is ignored', async () => {
    const genuine = seen(1, randomBytes(32))
    const forged = seen(1, randomBytes(32), SigningKeyPair.generate(randomBytes))
    await told(contact('ben'), { ...forged, logKey: genuine.logKey })
    await told(contact('carol'), { ...genuine, logKey: new Uint8Array(65) })
    await told(contact('dora'), { ...genuine, checkpoint: new Uint8Array(113) })
    expect([reason(), waiting()]).toEqual([null, 0])
  })

  test('under another key of the log is told to the user, and proves nothing', async () => {
    const ben = contact('ben')
    await told(ben, seen(5, randomBytes(32), SigningKeyPair.generate(randomBytes)))
    expect([reason(), waiting()]).toEqual([null, 0])
    const conversation = ada.store.conversations.byContact(ben.id)
    const notices = conversation && [...ada.store.messages.iterate(conversation.id)]
    expect(notices?.map(({ text }) => text)).toContain('relay-key-differs')
  })

  test('of a relay that is neither theirs nor ours asks nobody anything', async () => {
    const ben = contact('ben')
    keepClaims(ada, ben, {
      sentAtMs: 1,
      checkpoints: [seen(1, randomBytes(32), logKey, 'other.example')],
    })
    expect(waiting()).toBe(0)
  })

  test('from someone who only asks to write is not listened to', async () => {
    await told(contact('ben', 'request-in'), seen(1, randomBytes(32)))
    expect([reason(), waiting()]).toEqual([null, 0])
  })

  test('of a relay whose log we have not seen waits until we have', async () => {
    const elsewhere = 'relay.elsewhere.example' as RelayHost
    await told(contact('ben', 'accepted', elsewhere), seen(1, randomBytes(32), logKey, elsewhere))
    expect(waiting()).toBe(1)
  })

  test('is compared later where the relay does not answer now', async () => {
    const ben = contact('ben')
    await relay.close()
    keepClaims(ada, ben, { sentAtMs: 1, checkpoints: [seen(9, randomBytes(32))] })
    expect(await compareClaims(ada)).toEqual({ kind: 'failed' })
    expect([reason(), waiting()]).toEqual([null, 1])
  })
})

describe('what we have seen', () => {
  test('is told to each contact once, and again when the log has grown', async () => {
    const [ben, carol] = [contact('ben'), contact('carol')]
    const tell = (to: Contact) => withCheckpoints(ada, to, { sentAtMs: 1 }).checkpoints?.length ?? 0
    expect([tell(ben), tell(ben), tell(carol)]).toEqual([1, 0, 1])
    const log = ada.store.relayLogs.get(host)
    if (log === null) throw new Error('no log')
    // Signed anew, it is the same tree: no news.
    const { root } = await storage.logHead()
    ada.store.relayLogs.save({ ...log, checkpoint: seen(1, root).checkpoint })
    expect(tell(ben)).toBe(0)
    ada.store.relayLogs.save({ ...log, checkpoint: seen(2, randomBytes(32)).checkpoint })
    expect([tell(ben), tell(carol), tell(ben)]).toEqual([1, 1, 0])
  })

  test('of a relay that is not trusted is not told', async () => {
    const ben = contact('ben')
    await told(ben, seen(1, randomBytes(32)))
    expect(withCheckpoints(ada, ben, { sentAtMs: 1 }).checkpoints).toBeUndefined()
  })
})
