import { copyFileSync, rmSync } from 'node:fs'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RequestSigner, Relay } from '#core/ports.ts'
import { createDeviceList, listDevice } from '#crypto/device-list.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { KeyLogTables } from '#relay/sqlite/key-log.ts'
import { fileProfileStorage } from '#store/store.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { hostile, type Mischief } from '#test/helpers/hostile-relay.ts'
import { Scenario, type Person } from '#test/helpers/scenario.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

// A relay that lies about keys (PROTOCOL §18). Where it takes more than a changed answer, the lie is told by a second real
// relay that shares the log's key, or by writing into the database of the first.

let scenario: Scenario
let mischief: Mischief
const options = { wrapRelay: (relay: Relay) => hostile(relay, mischief) }

beforeEach(async () => {
  mischief = {}
  scenario = await Scenario.start()
})
afterEach(() => scenario.close())

/** Somebody who poses as the owner of a name. */
function impostor(name: string, address: string) {
  const keys = SigningKeyPair.generate(randomBytes)
  const certificate = randomBytes(200)
  const signer: RequestSigner = {
    name,
    deviceId: 1,
    signingKey: keys.publicKey,
    sign: (base) => keys.signRaw(base),
  }
  const deviceList = createDeviceList(keys, {
    address,
    version: 1,
    createdAtMs: Date.now(),
    devices: [listDevice(1, certificate)],
  })
  return { signer, certificate, deviceList }
}

function reasonOf(person: Person): string | null {
  return person.client.distrustedRelays()[0]?.reason ?? null
}

async function distrusts(person: Person, reason: string): Promise<void> {
  await eventually(`${person.name} finds ${reason}`, () => reasonOf(person) === reason)
}

/** Opens the app anew: it connects, and looks at its own name. */
async function restarted(person: Person): Promise<void> {
  await person.close()
  await person.open()
}

/** What is written waits, and goes once the user trusts the relay again. */
async function isStopped(from: Person, to: Person): Promise<void> {
  from.write(to, 'while distrusted')
  await from.client.whenSettled()
  expect(from.messages(to).find(({ text }) => text === 'while distrusted')?.state).toBe('waiting')
  expect(from.client.connection().waitingCount).toBeGreaterThan(0)
}

async function talks(from: Person, to: Person, text: string): Promise<void> {
  from.write(to, text)
  await to.sees(from, text)
}

describe('keys that are not in the log', () => {
  test.each<[string, NonNullable<Mischief['identity']>]>([
    [
      'a swapped key',
      (identity) => ({ ...identity, signingKey: SigningKeyPair.generate(randomBytes).publicKey }),
    ],
    ['a hidden device', (identity) => ({ ...identity, devices: [] })],
    [
      'a device too many',
      (identity) => ({
        ...identity,
        devices: [...identity.devices, { deviceId: 2, certificate: randomBytes(200) }],
      }),
    ],
    [
      'another certificate',
      (identity) => ({ ...identity, devices: [{ deviceId: 1, certificate: randomBytes(200) }] }),
    ],
  ])('%s is found when a contact is added', async (_, identity) => {
    const ada = await scenario.person('ada', options)
    const ben = await scenario.person('ben')
    mischief.identity = identity
    expect(codeOf(await ada.client.addContact(ben.address))).toBe('RELAY_DISTRUSTED')
    expect(reasonOf(ada)).toBe('keys-not-logged')
    expect(ada.knows(ben)).toBe(false)

    delete mischief.identity
    expect(codeOf(await ada.client.addContact(ben.address))).toBe('RELAY_DISTRUSTED')
    valueOf(ada.client.trustRelayAgain(scenario.host))
    valueOf(await ada.client.addContact(ben.address))
  })

  test('a wrong answer once, as in the middle of a change, accuses nobody', async () => {
    const ada = await scenario.person('ada', options)
    const ben = await scenario.person('ben')
    let times = 1
    mischief.identity = (identity) => (times-- > 0 ? { ...identity, devices: [] } : identity)
    valueOf(await ada.client.addContact(ben.address))
    expect(reasonOf(ada)).toBeNull()
  })

  test('an account without an entry is not written to, until its owner has given its list', async () => {
    const ada = await scenario.person('ada')
    mischief.dropDeviceList = true
    const ben = await scenario.person('ben', options)
    expect(codeOf(await ada.client.addContact(ben.address))).toBe('KEYS_NOT_PUBLISHED')
    mischief.dropDeviceList = false
    valueOf(ben.client.trustRelayAgain(scenario.host))
    await restarted(ben)
    await eventually('the list is there', async () => {
      return (await ada.client.addContact(ben.address)).ok
    })
  })
})

describe('a log that was rolled back', () => {
  test('is noticed, what is written waits, and goes once the user has looked at it', async () => {
    const [ada, ben] = await scenario.friends()
    await talks(ada, ben, 'before')
    await talks(ben, ada, 'answer')
    const backup = `${scenario.relayDatabase}.backup`
    const database = new SQLite(scenario.relayDatabase, { readonly: true })
    await database.backup(backup)
    database.close()
    const carol = await scenario.person('carol')
    // Ada has seen the log with Carol in it.
    valueOf(await ada.client.addContact(carol.address))
    // Were she there, she would register again, and the log would be the same as before.
    await carol.close()

    const { restart } = await scenario.stopRelay()
    rmSync(`${scenario.relayDatabase}-wal`, { force: true })
    rmSync(`${scenario.relayDatabase}-shm`, { force: true })
    copyFileSync(backup, scenario.relayDatabase)
    await restart()
    await distrusts(ada, 'rolled-back')
    await isStopped(ada, ben)
    const [distrusted] = ada.client.distrustedRelays()
    const evidence: unknown = JSON.parse(distrusted?.evidence ?? '')
    expect(evidence).toMatchObject({
      relay: scenario.host,
      reason: 'rolled-back',
      known: { key: expect.any(String), checkpoint: expect.any(String) },
      seen: { key: expect.any(String), checkpoint: expect.any(String) },
    })

    // It lasts, also over a restart of the app.
    await ada.close()
    await ada.open()
    expect(reasonOf(ada)).toBe('rolled-back')
    valueOf(ada.client.trustRelayAgain(scenario.host))
    await ben.sees(ada, 'while distrusted')
    expect(reasonOf(ada)).toBeNull()
  })

  test('is noticed as well when it has grown again with other entries', async () => {
    const ada = await scenario.person('ada', options)
    const fork = await scenario.forkRelay()
    for (const name of ['ben', 'carol']) await scenario.person(name)
    valueOf(await ada.client.addContact(`carol@${scenario.host}`))
    for (const name of ['dora', 'emil', 'fred']) {
      const { signer, ...device } = impostor(name, `${name}@${scenario.host}`)
      valueOf(await ada.parts().relay.register(fork, signer, device, null))
    }
    mischief.directory = () => fork
    expect(codeOf(await ada.client.addContact(`dora@${scenario.host}`))).toBe('RELAY_DISTRUSTED')
    expect(reasonOf(ada)).toBe('split-view')
  })
})

test('another key of the log is noticed', async () => {
  const ada = await scenario.person('ada')
  const ben = await scenario.person('ben')
  const { restart } = await scenario.stopRelay()
  const database = new SQLite(scenario.relayDatabase)
  database.prepare("DELETE FROM meta WHERE name = 'log key'").run()
  database.close()
  await restart()
  expect(codeOf(await ada.client.addContact(ben.address))).toBe('RELAY_DISTRUSTED')
  expect(reasonOf(ada)).toBe('key-changed')
})

describe('a split view', () => {
  /** Ada is shown a log of her own, in which Ben's name belongs to an impostor; Carol is her friend from before. */
  async function splitView() {
    const [ada, carol] = await scenario.friends('ada', 'carol', [options])
    await talks(ada, carol, 'before')
    await talks(carol, ada, 'answer')
    const fork = await scenario.forkRelay()
    const ben = await scenario.person('ben')
    const { signer, ...device } = impostor('ben', ben.address)
    valueOf(await carol.parts().relay.register(fork, signer, device, null))
    mischief.directory = () => fork
    // Everything fits for Ada, who never saw the real log after the fork.
    valueOf(await ada.client.addContact(ben.address))
    expect(ada.contact(ben).fingerprint).not.toBe(ben.client.account().fingerprint)
    expect(reasonOf(ada)).toBeNull()
    // And for Carol.
    valueOf(await carol.client.addContact(ben.address))
    expect(carol.contact(ben).fingerprint).toBe(ben.client.account().fingerprint)
    expect(reasonOf(carol)).toBeNull()
    return { ada, ben, carol }
  }

  test('is found by the deceived at the first message of an honest contact', async () => {
    const { ada, carol } = await splitView()
    carol.write(ada, 'hi')
    await ada.sees(carol, 'hi')
    await distrusts(ada, 'split-view')
    await isStopped(ada, carol)
  })

  test('is found by the contact at the first message of the deceived', async () => {
    const { ada, carol } = await splitView()
    ada.write(carol, 'hi')
    await carol.sees(ada, 'hi')
    await distrusts(carol, 'split-view')
  })

  test('a contact who makes up another key of the log accuses nobody, but the user is told', async () => {
    const [ada, ben] = await scenario.friends('ada', 'ben')
    await talks(ada, ben, 'before')
    await talks(ben, ada, 'answer')
    await ben.close()
    // Ben's own store is made to say that he knows the relay by another key, with a checkpoint under it.
    const other = await scenario.addRelay()
    const eve = await scenario.person('eve', { host: other })
    const head = valueOf(await eve.parts().relay.fetchLogHead(other))
    const secrets = valueOf(await ben.keychain.load())
    const store = valueOf(fileProfileStorage(`${ben.folder}/sotto.db`).open(secrets.databaseKey))
    store.relayLogs.save({ ...head, host: scenario.host, distrust: null })
    store.close()
    await ben.open()
    ben.write(ada, 'look')
    await ada.sees(ben, 'look')
    await eventually('ada is told', () =>
      ada.messages(ben).some(({ notice }) => notice === 'relay-key-differs'),
    )
    expect(reasonOf(ada)).toBeNull()
    // Ben's client, which now sees the relay's real key, finds that it is not the one it "knew".
    await distrusts(ben, 'key-changed')
  })
})

describe('an entry that is replaced', () => {
  /** Removes Ben's account behind his back and registers another under his name: all of it is in the log. */
  async function replaceBen(ben: Person): Promise<void> {
    // He must not be there: his client would give the relay his account again before the impostor comes.
    await ben.close()
    const database = new SQLite(scenario.relayDatabase)
    const log = new KeyLogTables(database)
    database.transaction(() => {
      log.appendRemoval('ben')
      database.prepare("DELETE FROM accounts WHERE name = 'ben'").run()
    })()
    database.close()
    const { signer, ...device } = impostor('ben', ben.address)
    valueOf(await ben.parts().relay.register(scenario.host, signer, device, null))
  }

  test('is found by its owner, loudly', async () => {
    const [ada, ben] = await scenario.friends()
    await talks(ada, ben, 'before')
    await ben.client.whenSettled()
    await replaceBen(ben)
    await restarted(ben)
    await distrusts(ben, 'own-entry')
    expect(ben.client.distrustedRelays()).toMatchObject([{ host: scenario.host, isOwn: true }])
    // It is found again after the user has trusted the relay in spite of it.
    valueOf(ben.client.trustRelayAgain(scenario.host))
    await distrusts(ben, 'own-entry')
  })

  test('is a changed key for his contacts', async () => {
    const [ada, ben] = await scenario.friends()
    await talks(ada, ben, 'before')
    valueOf(await ada.client.addContact(ben.address))
    await replaceBen(ben)
    // More entries, until the log is so long that Ada looks at Ben's name again.
    for (const name of ['carol', 'dora', 'emil', 'fred', 'gina']) await scenario.person(name)
    await restarted(ada)
    await eventually('ada is warned', () => ada.contact(ben).identityChanged)
    expect(reasonOf(ada)).toBeNull()
  })
})

test('who deletes the account and comes back with new keys is a changed key, and no lie', async () => {
  const [ada, ben] = await scenario.friends()
  await talks(ada, ben, 'before')
  valueOf(await ben.client.deleteAccount(ben.address))
  const again = await scenario.person('ben')
  await again.client.whenSettled()
  expect(codeOf(await ada.client.addContact(again.address))).toBe('CONTACT_IDENTITY_CHANGED')
  expect([reasonOf(ada), reasonOf(again)]).toEqual([null, null])
})
