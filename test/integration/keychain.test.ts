import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startKeyring, WITHOUT_KEYRING, type Keyring } from '../../tools/keyring.ts'

const PROGRAM = fileURLToPath(new URL('keychain-process.ts', import.meta.url))
const ADA = 'a'.repeat(32)
const BEN = 'b'.repeat(32)
const SECRETS = ['11', '22', '33'].map((byte) => byte.repeat(32)).join(' ')

const missing = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon'].filter(
  (program) =>
    !(process.env['PATH'] ?? '')
      .split(delimiter)
      .some((folder) => existsSync(join(folder, program))),
)
const why = missing.length > 0 ? ` (not installed: ${missing.join(', ')})` : ''

/** The outcomes of operations, run in order in one process of that environment. */
async function run(
  env: Readonly<Record<string, string | undefined>>,
  ...operations: string[][]
): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [PROGRAM, JSON.stringify(operations)],
    { env: { ...process.env, ...env } },
  )
  return JSON.parse(stdout) as string[]
}

describe.skipIf(missing.length > 0)(`a real Secret Service${why}`, () => {
  let keyring: Keyring

  beforeEach(async () => {
    keyring = await startKeyring()
  })
  afterEach(() => keyring.stop())

  test('keeps the secrets of a profile, gives them back, and forgets them', async () => {
    const { env } = keyring
    expect(await run(env, ['load', ADA], ['save', ADA, SECRETS])).toEqual([
      'KEYCHAIN_ENTRY_MISSING',
      'ok',
    ])
    expect(await run(env, ['load', ADA], ['load', BEN], ['remove', ADA], ['remove', ADA])).toEqual([
      SECRETS,
      'KEYCHAIN_ENTRY_MISSING',
      'ok',
      'ok',
    ])
    expect(await run(env, ['load', ADA])).toEqual(['KEYCHAIN_ENTRY_MISSING'])
  })

  test('is found by the probe, which leaves no entry behind', async () => {
    expect(await run(keyring.env, ['probe'], ['entries'])).toEqual(['available', '[]'])
  })

  test('says while it is locked that it is, and has kept everything when it is unlocked', async () => {
    const { env } = keyring
    await run(env, ['save', ADA, SECRETS])
    await keyring.lock()
    const whileLocked = [
      ['probe'],
      ['load', ADA],
      ['load', BEN],
      ['save', BEN, SECRETS],
      ['remove', ADA],
    ]
    expect(await run(env, ...whileLocked)).toEqual([
      'locked',
      'KEYCHAIN_LOCKED',
      'KEYCHAIN_LOCKED',
      'KEYCHAIN_LOCKED',
      'KEYCHAIN_LOCKED',
    ])
    await keyring.unlock()
    expect(await run(env, ['probe'], ['load', ADA], ['entries'])).toEqual([
      'available',
      SECRETS,
      JSON.stringify([ADA]),
    ])
  })

  test.each([
    ['rubbish', 'not base64url!'],
    ['a single character', 'A'],
    ['an entry cut short', Buffer.alloc(100, 1).toString('base64url')],
    ['an entry with a wrong checksum', Buffer.alloc(101, 1).toString('base64url')],
  ])('tells a damaged entry (%s) and leaves it as it is', async (_, entry) => {
    const outcomes = await run(
      keyring.env,
      ['write-raw', ADA, entry],
      ['load', ADA],
      ['read-raw', ADA],
    )
    expect(outcomes).toEqual(['ok', 'KEYCHAIN_ENTRY_DAMAGED', entry])
  })

  test('keeps the secrets in one short entry', async () => {
    const [saved, entry] = await run(keyring.env, ['save', ADA, SECRETS], ['read-raw', ADA])
    expect(saved).toBe('ok')
    expect(entry).toMatch(/^[A-Za-z0-9_-]{135}$/)
  })
})

describe('a computer without a Secret Service', () => {
  test('has no keychain, and says so for every operation', async () => {
    const operations = [['probe'], ['load', ADA], ['save', ADA, SECRETS], ['remove', ADA]]
    expect(await run(WITHOUT_KEYRING, ...operations)).toEqual([
      'absent',
      'KEYCHAIN_NOT_RUNNING',
      'KEYCHAIN_UNAVAILABLE',
      'KEYCHAIN_NOT_RUNNING',
    ])
  })
})
