import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import SQLite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { randomBytes } from '#crypto/primitives.ts'
import type { IncomingEnvelope, RequestSigner } from '#core/ports.ts'
import { runRelayCommandLine } from '#relay/run-command-line.ts'
import { backUpDatabase, inspectDatabase } from '#relay/sqlite/backup.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeHex } from '#shared/bytes.ts'
import {
  call,
  CERTIFICATE,
  ShiftedClock,
  signed,
  testAccount,
  testClient,
  testPrekeys,
  testRelay,
  testSigner,
  unwrap,
  until,
  type TestRelay,
} from './harness.ts'

let root: string
let folder: string
let backups: string
let relay: TestRelay
let client: RelayClient
let alice: Awaited<ReturnType<typeof testAccount>>
const clock = new ShiftedClock()

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sotto-backup-'))
  folder = join(root, 'relay')
  backups = join(root, 'backups')
  mkdirSync(backups)
  clock.shiftMs = 0
  await start()
  client = testClient(clock)
  alice = await testAccount(relay, client, 'alice')
})
afterEach(async () => {
  await client.close()
  await relay.close()
  rmSync(root, { recursive: true })
})

async function start(): Promise<void> {
  relay = await testRelay({ dataDir: folder }, { nowMs: () => clock.nowMs() })
}

async function run(...args: readonly string[]) {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const all = [...args, '--data', folder, '--json']
  const exitCode = await runRelayCommandLine(all, { stdout, stderr })
  stdout.end()
  stderr.end()
  return { exitCode, stdout: await text(stdout), stderr: await text(stderr) }
}

async function backup(): Promise<string> {
  const file = join(backups, `${readdirSync(backups).length}.db`)
  expect(await run('backup', '--to', file)).toMatchObject({ exitCode: 0, stderr: '' })
  return file
}

async function deposit(): Promise<string> {
  const envelopeId = randomBytes(16)
  const { token } = alice
  const envelope = randomBytes(500)
  unwrap(await client.deposit(relay.host, { envelopeId, deviceId: 1, token, envelope }))
  return encodeHex(envelopeId)
}

/** Everything that waits, without acknowledging it. */
async function waiting(signer: RequestSigner): Promise<readonly IncomingEnvelope[]> {
  const received: IncomingEnvelope[] = []
  const subscription = client.subscribe(relay.host, signer, 0, {
    received: async (batch) => {
      received.push(...batch)
      throw new Error('not stored')
    },
    drained: () => undefined,
    stateChanged: () => undefined,
  })
  await until(() => received.length > 0)
  await subscription.close()
  return received
}

/** Ends the relay, brings the backup back as an operator would, and starts it again. */
async function restore(file: string): Promise<void> {
  await relay.close()
  expect(await run('restore', '--from', file, '--force')).toMatchObject({ exitCode: 0 })
  await start()
  await client.close()
  client = testClient(clock)
}

/** The minute after a restore in which signed requests are refused. */
const afterRestore = (): void => void (clock.shiftMs += 61_000)

describe('a backup', () => {
  test('holds all that was acknowledged when it began', async () => {
    const before = [await deposit(), await deposit()]
    const file = await backup()
    expect(inspectDatabase(file)).toMatchObject({ accounts: 1, waiting: 2 })
    const copy = new SQLite(file, { readonly: true })
    const ids = copy.prepare('SELECT id FROM envelopes ORDER BY seq').pluck().all() as Uint8Array[]
    copy.close()
    expect(ids.map(encodeHex)).toEqual(before)
  })

  test('is for its user alone, and leaves nothing else behind', async () => {
    const file = await backup()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(backups)).toEqual(['0.db'])
  })

  test('never goes over a file that is there', async () => {
    const file = join(backups, 'kept.db')
    writeFileSync(file, 'precious')
    const { exitCode, stderr } = await run('backup', '--to', file)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('nothing was written')
    expect(readFileSync(file, 'utf8')).toBe('precious')
  })

  test('in a folder is named by its time; old ones and leftovers go, other files stay', async () => {
    const old = ['relay-20200101T000000Z.db', 'relay-20200102T000000Z.db']
    const leftover = '.relay-20200102T000000Z.db.0123456789ab.partial'
    for (const name of [...old, 'relay-notes.db', leftover]) writeFileSync(join(backups, name), '')
    utimesSync(join(backups, leftover), 0, 0)
    const { exitCode, stdout } = await run('backup', '--to', backups, '--keep', '2')
    expect(exitCode).toBe(0)
    const { file, removed } = JSON.parse(stdout) as { file: string; removed: string[] }
    expect(removed).toEqual([old[0]])
    expect(file).toMatch(/relay-\d{8}T\d{6}Z\.db$/)
    expect(
      readdirSync(backups)
        .map((name) => join(backups, name))
        .toSorted(),
    ).toEqual([file, join(backups, old[1] as string), join(backups, 'relay-notes.db')].toSorted())
  })

  test('of a damaged database is refused, and none appears', async () => {
    await deposit()
    await relay.close()
    const path = join(folder, 'relay.db')
    const bytes = readFileSync(path)
    const database = new SQLite(path, { readonly: true })
    const root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'envelopes'")
    const page = Number(root.pluck().get())
    database.close()
    bytes.fill(0xff, (page - 1) * 4_096, page * 4_096)
    writeFileSync(path, bytes)
    expect(() => backUpDatabase(path, join(backups, 'x.db'))).toThrow()
    expect(readdirSync(backups)).toEqual([])
    rmSync(folder, { recursive: true })
    await start()
  })

  test('to where no folder is says so, and writes nothing', async () => {
    const missing = join(root, 'missing')
    const refused = await run('backup', '--to', join(missing, 'relay.db'))
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain(`There is no folder ${missing}.`)
    expect((await run('backup', '--to', missing, '--keep', '3')).exitCode).toBe(2)
    expect(readdirSync(root).toSorted()).toEqual(['backups', 'relay'])
  })

  test('is noted anew, whoever made the last one', async () => {
    const mark = join(folder, 'last-backup')
    writeFileSync(mark, 'of another user', { mode: 0o640 })
    await backup()
    expect(statSync(mark)).toMatchObject({ size: 0, mode: 0o100600 })
  })

  test('of a folder without a relay says so', async () => {
    await relay.close()
    rmSync(folder, { recursive: true })
    expect((await run('backup', '--to', backups)).stderr).toContain('no database of a relay')
    await start()
  })
})

describe('a restore', () => {
  test('is refused while the relay runs, and over a database unless it is forced', async () => {
    const file = await backup()
    const running = await run('restore', '--from', file, '--force')
    expect(running).toMatchObject({ exitCode: 1 })
    expect(running.stderr).toContain('end it first')
    await relay.close()
    const there = await run('restore', '--from', file)
    expect(there).toMatchObject({ exitCode: 1 })
    expect(there.stderr).toContain('--force')
    await start()
  })

  test('keeps the database that was there', async () => {
    const file = await backup()
    const later = await deposit()
    await relay.close()
    const { stdout } = await run('restore', '--from', file, '--force')
    const { keptAs } = JSON.parse(stdout) as { keptAs: string }
    const kept = new SQLite(keptAs, { readonly: true })
    expect(kept.prepare('SELECT id FROM envelopes').pluck().all()).toEqual([
      Buffer.from(later, 'hex'),
    ])
    kept.close()
    await start()
    expect(statSync(join(folder, 'relay.db')).mode & 0o777).toBe(0o600)
  })

  test.each<[string, (file: string) => void, RegExp]>([
    ['cut short', (file) => truncateSync(file, 50_000), /damaged|not the database/],
    ['of something else', (file) => writeFileSync(file, 'hello'.repeat(1_000)), /not the database/],
    ['empty', (file) => truncateSync(file, 0), /not the database/],
    [
      'of a newer relay',
      (file) => {
        const newer = new SQLite(file)
        newer.pragma('user_version = 99')
        newer.close()
      },
      /version 99/,
    ],
    ['with a log beside it', (file) => writeFileSync(`${file}-wal`, 'x'), /write-ahead log/],
  ])('of a file that is %s changes nothing', async (_what, spoil, says) => {
    const file = await backup()
    spoil(file)
    await relay.close()
    const before = readFileSync(join(folder, 'relay.db'))
    const { exitCode, stderr } = await run('restore', '--from', file, '--force')
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(says)
    expect(readFileSync(join(folder, 'relay.db'))).toEqual(before)
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
    await start()
  })

  test('that was interrupted after the old database had gone leaves no log for the new one', async () => {
    const file = await backup()
    await relay.close()
    const log = join(folder, 'relay.db-wal')
    rmSync(join(folder, 'relay.db'))
    writeFileSync(log, 'a log of another database')
    const { stdout } = await run('restore', '--from', file)
    const { keptAs } = JSON.parse(stdout) as { keptAs: string }
    expect(readFileSync(`${keptAs}-wal`, 'utf8')).toBe('a log of another database')
    await start()
    expect(unwrap(await client.nameFree(relay.host, 'alice'))).toBe(false)
  })

  test('of a backup of an earlier version brings it up to date', async () => {
    await relay.close()
    const file = join(backups, 'v1.db')
    copyFileSync(new URL('../../fixtures/relay/v1.db', import.meta.url), file)
    expect(await run('restore', '--from', file, '--force')).toMatchObject({ exitCode: 0 })
    await start()
    expect(unwrap(await client.nameFree(relay.host, 'bob'))).toBe(false)
  })

  test('brings back what waited; devices go on, refill their keys, and get new envelopes behind', async () => {
    unwrap(await client.publishPrekeys(relay.host, alice.signer, testPrekeys(1, 1, 5)))
    const kept = await deposit()
    const file = await backup()
    const lost = await deposit()
    unwrap(await client.publishPrekeys(relay.host, alice.signer, testPrekeys(2, 6, 5)))
    await restore(file)
    afterRestore()
    const left = unwrap(await client.prekeysLeft(relay.host, alice.signer))
    expect(left).toMatchObject({ oneTime: 0, kemOneTime: 0 })
    unwrap(await client.publishPrekeys(relay.host, alice.signer, testPrekeys(3, 11, 5)))
    const next = await deposit()
    const found = await waiting(alice.signer)
    expect(found.map(({ envelopeId }) => encodeHex(envelopeId))).toEqual([kept, next])
    expect(found.map(({ envelopeId }) => encodeHex(envelopeId))).not.toContain(lost)
    const [first, second] = found
    expect((second?.relaySeq ?? 0) - (first?.relaySeq ?? 0)).toBeGreaterThan(1_000_000)
  })

  test('ends all sessions, and refuses for a minute what may have been signed before', async () => {
    const file = await backup()
    const body = '{"deviceId":1}'
    const recorded = signed(relay, alice.signer, 'POST', '/v1/sessions', body)
    const opened = await call(relay, 'POST', '/v1/sessions', { body, headers: recorded })
    expect(opened.status).toBe(200)
    const { host } = relay
    await relay.close()
    expect(await run('restore', '--from', file, '--force')).toMatchObject({ exitCode: 0 })
    const config = { dataDir: folder, publicUrl: `http://${host}` }
    relay = await testRelay(config, { nowMs: () => clock.nowMs() })
    // Its nonce is forgotten, but the request is not taken again.
    const replayed = await call(relay, 'POST', '/v1/sessions', { body, headers: recorded })
    expect(replayed).toMatchObject({ status: 503, code: 'OVERLOADED' })
    const answer = replayed.body as { retryAfterMs: number }
    expect(answer.retryAfterMs).toBeGreaterThan(0)
    expect(answer.retryAfterMs).toBeLessThanOrEqual(61_000)
  })

  test('forgets accounts made since, whose names are free again, and their old sessions', async () => {
    const file = await backup()
    const late = await testAccount(relay, client, 'late')
    await restore(file)
    afterRestore()
    expect(unwrap(await client.nameFree(relay.host, 'late'))).toBe(true)
    unwrap(
      await client.register(relay.host, testSigner('late'), { certificate: CERTIFICATE }, null),
    )
    expect(
      await client.putTokens(relay.host, late.signer, { add: [], revoke: [randomBytes(32)] }),
    ).toMatchObject({ error: { code: 'UNAUTHORIZED' } })
  })
})
