import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import { openSqliteStorage } from '#relay/sqlite/storage.ts'
import { RESTORE_JUMP } from '#relay/storage-admin.ts'
import type { AccountRecord, MailboxLimits, RelayStorage } from '#relay/storage.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import { copyDatabase, putBack } from '#test/helpers/relay-backup.ts'
import { call, testRelay } from './harness.ts'

const LIMITS: MailboxLimits = { envelopes: 1e6, bytes: 1e9, knocks: 20, idleMs: 1e9 }
const NOW = 1_000

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-era-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function open(): RelayStorage {
  return openSqliteStorage({
    path: join(folder, 'relay.db'),
    eraFile: join(folder, 'relay.era'),
    onFatal: (cause) => {
      throw cause
    },
  })
}

async function register(storage: RelayStorage, name: string): Promise<AccountRecord> {
  const account = { name, signingKey: randomBytes(65), deviceId: 1, certificate: randomBytes(10) }
  await storage.register({ ...account, inviteHash: null }, NOW)
  const found = await storage.findAccount(name)
  if (found === null) throw new Error('the account was not stored')
  return found
}

function mailboxOf(account: AccountRecord) {
  const [device] = account.devices
  if (device === undefined) throw new Error('the device is gone')
  return device.mailbox
}

/** One knock. @returns its sequence. */
async function knock(storage: RelayStorage, account: AccountRecord): Promise<number> {
  const id = randomBytes(16)
  const mailbox = mailboxOf(account)
  await storage.knock({ mailbox, id, body: Uint8Array.of(1) }, LIMITS, NOW)
  const waiting = (await storage.waiting(mailbox, 0, 100, 1e6)) ?? []
  return waiting.at(-1)?.sequence ?? 0
}

describe('the era of a relay', () => {
  test('is told with every answer, refusals included, and by the relay itself', async () => {
    const relay = await testRelay()
    const info = await call(relay, 'GET', '/v1/info')
    const { era } = info.body as { era: string }
    expect(Buffer.from(era, 'base64url')).toHaveLength(16)
    for (const path of ['/v1/info', '/v1/names/x', '/v1/accounts/nobody', '/nowhere']) {
      expect((await call(relay, 'GET', path)).headers.get('sotto-era')).toBe(era)
    }
    await relay.close()
  })

  test('goes on over restarts, in order or not', async () => {
    const first = open()
    await register(first, 'alice')
    await first.noteProgress()
    await first.close()
    const second = open()
    expect(second.era).toEqual(first.era)
    // Noted in the database, and killed before the file said so.
    copyFileSync(join(folder, 'relay.era'), join(folder, 'older.era'))
    await register(second, 'bob')
    await second.noteProgress()
    await second.close()
    copyFileSync(join(folder, 'older.era'), join(folder, 'relay.era'))
    const third = open()
    expect(third.era).toEqual(first.era)
    await third.close()
  })

  test('ends where an older copy of the database is put in place', async () => {
    const first = open()
    const alice = await register(first, 'alice')
    const before = await knock(first, alice)
    const copy = join(folder, 'copy.db')
    copyDatabase(folder, copy)
    const lost = await knock(first, alice)
    const bob = await register(first, 'bob')
    await first.noteProgress()
    await first.close()
    putBack(folder, copy)

    const second = open()
    expect(second.era).not.toEqual(first.era)
    expect(await second.findAccount('bob')).toBeNull()
    // What the lost part has given is given to nobody else.
    const next = await knock(second, alice)
    expect([before, lost]).toEqual([1, 2])
    expect(next).toBeGreaterThan(RESTORE_JUMP)
    const cyd = await register(second, 'cyd')
    expect(cyd.id).toBeGreaterThan(bob.id)
    expect(mailboxOf(cyd)).toBeGreaterThan(mailboxOf(bob))
    await second.close()
    const third = open()
    expect(third.era).toEqual(second.era)
    await third.close()
  })

  test('ends with the one-time prekeys, of which nobody knows any more who has them', async () => {
    const key = (length: number) => ({ id: 1, publicKey: randomBytes(length) })
    const signature = randomBytes(64)
    const first = open()
    const alice = await register(first, 'alice')
    const upload = {
      version: 1,
      signed: { ...key(65), signature },
      kemLastResort: { ...key(1_184), signature },
      oneTime: [key(65)],
      kemOneTime: [{ ...key(1_184), signature }],
    }
    await first.publishPrekeys(mailboxOf(alice), upload, 200)
    await first.noteProgress()
    await first.close()
    rmSync(join(folder, 'relay.era'))
    const second = open()
    const take = { hash: randomBytes(32), nowMs: NOW, rememberUntilMs: NOW, lastResortOnly: false }
    expect(await second.takeBundles(alice.id, take)).toMatchObject([
      { oneTimePrekey: null, kemPrekey: { lastResort: true } },
    ])
    expect(await second.prekeyCounts(mailboxOf(alice))).toMatchObject({ version: 1, oneTime: 0 })
    await second.close()
  })

  test.each<[string, (era: Uint8Array) => string | null]>([
    ['is missing', () => null],
    ['belongs to another database', () => `${encodeBase64Url(randomBytes(16))} 1\n`],
    ['is further than the database', (era) => `${encodeBase64Url(era)} 99\n`],
    ['is damaged', () => 'xyz'],
  ])('ends where the file beside the database %s', async (_, change) => {
    const first = open()
    await register(first, 'alice')
    await first.close()
    rmSync(join(folder, 'relay.era'))
    const text = change(first.era)
    if (text !== null) writeFileSync(join(folder, 'relay.era'), text)
    const second = open()
    expect(second.era).not.toEqual(first.era)
    await second.close()
  })

  test('is not touched by a second connection', async () => {
    const first = open()
    const path = join(folder, 'relay.db')
    const second = openSqliteStorage({ path, onFatal: () => undefined })
    expect(second.era).toEqual(first.era)
    await second.noteProgress()
    await second.close()
    await first.close()
    const third = open()
    expect(third.era).toEqual(first.era)
    await third.close()
  })
})
