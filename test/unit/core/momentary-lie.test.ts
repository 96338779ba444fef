import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SQLite, { type Database } from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addContact } from '#core/contact-creation.ts'
import type { Context } from '#core/context.ts'
import { followNames } from '#core/following-names.ts'
import { auditOwnEntry } from '#core/own-entry.ts'
import { fetchProvenKey } from '#core/proven-keys.ts'
import { createDeviceList, listDevice } from '#crypto/device-list.ts'
import { mapKey } from '#crypto/key-map.ts'
import { randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import type { Address, RelayHost } from '#protocol/address.ts'
import { KeyLogTables } from '#relay/sqlite/key-log.ts'
import { relayConfig } from '#relay/config.ts'
import { startRelay, type RunningRelay } from '#relay/relay.ts'
import { bareClient } from '#test/helpers/bare-client.ts'
import { valueOf } from '#test/helpers/value-of.ts'

// The best lie that one consistent log allows (PROTOCOL §18.7): an entry is replaced while a contact looks, and put back
// before the owner looks.

let folder: string
let relay: RunningRelay
let host: RelayHost
let database: Database
let log: KeyLogTables
const closing: (() => Promise<void>)[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-lie-'))
  relay = await startRelay(valueOf(relayConfig({ port: 0, powBits: 0, dataDir: folder })))
  host = new URL(relay.url).host as RelayHost
  database = new SQLite(join(folder, 'relay.db'))
  log = new KeyLogTables(database)
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  database.close()
  await relay.close()
  rmSync(folder, { recursive: true })
})

async function client(name: string): Promise<Context> {
  const { context, close } = await bareClient(name, host)
  closing.push(close)
  return context
}

function strangers(count: number): void {
  database.transaction(() => {
    for (let i = 0; i < count; i++) {
      log.appendList(`stranger-${randomBytes(4).join('-')}`, { version: 1, bytes: randomBytes(99) })
    }
  })()
}

interface Shown {
  readonly list: Uint8Array
  readonly signingKey: Uint8Array
  readonly certificate: Uint8Array
}

/** Makes the relay show other keys for a name, as if there had never been others: a new entry in the same log. */
function show(name: string, { list, signingKey, certificate }: Shown): void {
  database.transaction(() => {
    database.prepare('DELETE FROM log_chains WHERE name = ?').run(mapKey(name))
    log.appendList(name, { version: 1, bytes: list })
    database.prepare('UPDATE accounts SET signing_key = ? WHERE name = ?').run(signingKey, name)
    database
      .prepare(
        `UPDATE certificates SET certificate = ? WHERE mailbox =
          (SELECT mailbox FROM devices JOIN accounts ON account = id WHERE name = ?)`,
      )
      .run(certificate, name)
  })()
}

/** What the owner of a name has given to the relay. */
function shownBy(owner: Context): Shown {
  const { signingKey, deviceCertificate } = owner.account()
  const list = owner.store.relayLogs.ownList()?.bytes ?? new Uint8Array(0)
  return { list, signingKey, certificate: deviceCertificate }
}

/** What somebody who poses as the owner of a name would have given. */
function shownByImpostor(address: Address): Shown {
  const keys = SigningKeyPair.generate(randomBytes)
  const certificate = randomBytes(99)
  const devices = [listDevice(1, certificate)]
  const list = createDeviceList(keys, { address, version: 1, createdAtMs: 1, devices })
  return { list, signingKey: keys.publicKey, certificate }
}

const reasonOf = (context: Context) => context.store.relayLogs.get(host)?.distrust?.reason ?? null

/** Days pass: everybody looks at what is due. */
async function later(context: Context): Promise<void> {
  await auditOwnEntry(context)
  for (let i = 0; i < 4; i++) await followNames(context)
}

const cases = Array.from({ length: 4 }, (_, before) =>
  [0, 1, 4].map((after) => [before, after] as const),
).flat()

test.each(cases)(
  'a momentary lie is found by the contact or by the owner, after %i entries and before %i more',
  async (before, after) => {
    const [ada, ben] = [await client('ada'), await client('ben')]
    const { address } = ben.account()
    valueOf(await auditOwnEntry(ada))
    valueOf(await auditOwnEntry(ben))
    strangers(before)
    const real = shownBy(ben)
    const lie = shownByImpostor(address)
    show('ben', lie)
    const signingKey = valueOf(await fetchProvenKey(ada, address))
    expect(signingKey).toEqual(lie.signingKey)
    addContact(ada, { address, signingKey, relation: 'request-out', verified: false })
    show('ben', real)
    strangers(after)

    // The order in which they look does not matter, nor that the log grows in between.
    const order = (before + after) % 2 === 0 ? [ada, ben] : [ben, ada]
    for (const context of order) {
      await later(context)
      strangers(after)
    }
    await later(ada)
    expect([reasonOf(ada), reasonOf(ben)]).toContainEqual(
      expect.stringMatching(/^(entry-replaced|own-entry)$/),
    )
  },
)

test.each(cases)(
  'a lie that is told whenever the contact asks is found, after %i entries and before %i more',
  async (before, after) => {
    const [ada, ben] = [await client('ada'), await client('ben')]
    const { address } = ben.account()
    valueOf(await auditOwnEntry(ada))
    valueOf(await auditOwnEntry(ben))
    strangers(before)
    const real = shownBy(ben)
    const lie = shownByImpostor(address)
    show('ben', lie)
    const { signingKey } = lie
    expect(valueOf(await fetchProvenKey(ada, address))).toEqual(signingKey)
    addContact(ada, { address, signingKey, relation: 'request-out', verified: false })
    show('ben', real)
    strangers(after)
    const audited = await auditOwnEntry(ben)
    strangers(1)
    show('ben', lie)
    // The log has gone past the size at which both look.
    const asked = await fetchProvenKey(ada, address)
    expect([audited, asked].filter(({ ok }) => !ok)).not.toEqual([])
  },
)

test('where nothing was replaced, nobody is accused, however the log grows', async () => {
  const [ada, ben] = [await client('ada'), await client('ben')]
  const { address } = ben.account()
  const signingKey = valueOf(await fetchProvenKey(ada, address))
  addContact(ada, { address, signingKey, relation: 'request-out', verified: false })
  for (let growth = 0; growth < 12; growth++) {
    strangers(growth)
    await later(ada)
    await later(ben)
  }
  expect([reasonOf(ada), reasonOf(ben)]).toEqual([null, null])
  const followed = ada.store.relayLogs.followed(address)
  const { size } = log.head()
  expect(followed?.size).toBeGreaterThan(size / 2)
})
