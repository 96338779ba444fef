import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Client } from '#core/client.ts'
import { relayConfig } from '#relay/config.ts'
import { startRelay, type RunningRelay } from '#relay/relay.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'
import { ProfileFiles, type AccountWish } from '../../../src/main/profile-files.ts'
import { MemoryLog } from '../ipc/fixtures.ts'

const PASSPHRASE = 'correct horse battery'

let folder: string
let relay: RunningRelay
let wish: AccountWish
let files: ProfileFiles
let clients: Client[]
/** What the system was asked to name a proxy for. */
let asked: string[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-files-'))
  const config = relayConfig({ port: 0, powBits: 0, dataDir: join(folder, 'relay') })
  relay = await startRelay(valueOf(config))
  wish = {
    relay: new URL(relay.url).host,
    name: 'ada',
    displayName: 'Ada',
    inviteCode: null,
    passphrase: PASSPHRASE,
  }
  files = makeFiles()
  clients = []
  asked = []
})
afterEach(async () => {
  for (const client of clients) await client.close()
  files.release()
  await relay.close()
  rmSync(folder, { recursive: true })
})

function makeFiles(): ProfileFiles {
  return new ProfileFiles(folder, new MemoryLog(), async (url) => {
    asked.push(url)
    return 'http://127.0.0.1:1'
  })
}

function keep(client: Client): Client {
  clients.push(client)
  return client
}

test('an empty folder holds no profile', async () => {
  expect(valueOf(await files.kind())).toBe('none')
})

test('an account with a passphrase is made, closed, and opened again with that passphrase only', async () => {
  valueOf(await files.kind())
  const made = keep(valueOf(await files.create(wish)))
  const account = files.account(made)
  expect(account).toMatchObject({ displayName: 'Ada', registered: true })
  await made.close()

  expect(valueOf(await files.kind())).toBe('vault')
  expect(codeOf(await files.open('something else'))).toBe('PASSPHRASE_WRONG')
  const opened = keep(valueOf(await files.open(PASSPHRASE)))
  expect(files.account(opened)).toEqual(account)
  expect((await opened.keyHealth()).protection).toBe('vault')
})

test('a refused account leaves nothing behind', async () => {
  valueOf(await files.kind())
  expect(codeOf(await files.create({ ...wish, name: 'A!' }))).toBe('NAME_INVALID')
  const displayName = 'x'.repeat(65)
  expect(codeOf(await files.create({ ...wish, displayName }))).toBe('INVALID_INPUT')
  expect(codeOf(await files.create({ ...wish, passphrase: 'short' }))).toBe('PASSPHRASE_WEAK')
  expect(valueOf(await files.kind())).toBe('none')
  expect(readdirSync(folder).toSorted()).toEqual(['profile.lock', 'relay'])
})

test('where there is an account, none is made, and it can still be opened', async () => {
  valueOf(await files.kind())
  await keep(valueOf(await files.create(wish))).close()
  expect(codeOf(await files.create({ ...wish, name: 'ben' }))).toBe('PROFILE_EXISTS')
  const opened = keep(valueOf(await files.open(PASSPHRASE)))
  expect(files.account(opened)).toMatchObject({ displayName: 'Ada' })
})

test('an account is made through the proxy of the system, and not past it', async () => {
  valueOf(await files.kind())
  expect(codeOf(await files.create({ ...wish, relay: 'relay.test' }))).toBe('PROXY_UNREACHABLE')
  expect(new Set(asked)).toEqual(new Set(['https://relay.test']))
})

test('an account that was deleted leaves an empty folder', async () => {
  valueOf(await files.kind())
  const client = keep(valueOf(await files.create(wish)))
  valueOf(await client.deleteAccount(client.account().address))
  expect(client.isClosed()).toBe(true)
  await files.forget()
  expect(valueOf(await files.kind())).toBe('none')
  expect(readdirSync(folder).toSorted()).toEqual(['profile.lock', 'relay'])
})

test('a second process is told that the profile is in use, until the first lets go', async () => {
  valueOf(await files.kind())
  const second = makeFiles()
  expect(codeOf(await second.kind())).toBe('PROFILE_IN_USE')
  files.release()
  expect(valueOf(await second.kind())).toBe('none')
  second.release()
})

test('files that were damaged are reported, not taken for an empty folder', async () => {
  writeFileSync(join(folder, 'profile.json'), '{')
  expect(codeOf(await files.kind())).toBe('STORE_DAMAGED')
  rmSync(join(folder, 'profile.json'))
  writeFileSync(join(folder, 'sotto.db'), 'a database whose key nobody knows')
  expect(codeOf(await files.kind())).toBe('STORE_DAMAGED')
})
