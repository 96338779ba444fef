import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runRelayCommandLine } from '#relay/run-command-line.ts'

// What an operator can get wrong before a relay runs: each is told in one sentence that names what to change.

describe('a relay that cannot start', () => {
  let folder: string
  let data: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-wrong-'))
    data = join(folder, 'data')
    file = join(folder, 'file')
    writeFileSync(file, 'no database and no certificate, but some text')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  async function run(...args: readonly string[]) {
    const stdout = new PassThrough()
    const stderr = new PassThrough()
    const exitCode = await runRelayCommandLine(args, { stdout, stderr })
    stdout.end()
    stderr.end()
    return { exitCode, stdout: await text(stdout), stderr: await text(stderr) }
  }

  const start = (...args: readonly string[]) => run('--port', '0', '--data', data, ...args)

  test('says so of a folder', async () => {
    expect(await run('--port', '0', '--data', file)).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `The folder ${file} cannot be used: it is not a folder.\n`,
    })
    const below = join(file, 'data')
    expect(await run('--port', '0', '--data', below)).toMatchObject({
      exitCode: 1,
      stderr: `The folder ${below} cannot be used: a file is where a folder should be.\n`,
    })
    expect(await run('invite-code', '--data', file)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('it is not a folder'),
    })
    expect(await start('--blobs', file)).toMatchObject({
      exitCode: 1,
      stderr: `The folder ${file} cannot be used: it is not a folder.\n`,
    })
  })

  test.runIf(process.platform === 'linux')('says so of a folder that cannot be made', async () => {
    expect(await run('--port', '0', '--data', '/proc/sotto')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('The folder /proc/sotto cannot be used'),
    })
  })

  test('says so of a database', async () => {
    mkdirSync(data)
    writeFileSync(
      join(data, 'relay.db'),
      'not a database, but long enough to be looked at'.repeat(99),
    )
    expect(await start()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /relay\.db is damaged, or not the database of a relay\..* restore/,
      ),
    })
    rmSync(join(data, 'relay.db'))
    mkdirSync(join(data, 'relay.db'))
    expect(await start()).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/relay\.db cannot be opened\. Check that it is a file/),
    })
  })

  test('says so of an address', async () => {
    expect(await start('--host', 'no.such.host.invalid')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'This computer has no address no.such.host.invalid (setting host).\n',
    })
  })

  test.each([
    ['ftp://example.org/files', 'neither a folder nor s3://bucket/prefix'],
    ['s3://B/', 'does not look like s3://bucket'],
  ])('says so of a place for attachments: %s', async (blobs, said) => {
    expect(await start('--blobs', blobs)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(said),
    })
  })

  test.skipIf(process.platform === 'win32')('says so of the socket of its operator', async () => {
    const socket = join(folder, 'missing', 'socket')
    expect(await start('--admin-socket', socket)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        /^"relay admin" cannot have .*socket: .* \(setting adminSocket\)\.\n$/,
      ),
    })
  })

  test.each([
    ['--uses', '0', 'from 1 to 100000'],
    ['--uses', '100001', 'from 1 to 100000'],
    ['--days', '0', 'from 1 to 36500'],
    ['--days', 'x', 'from 1 to 36500'],
  ])('makes no invite code that is good for nothing: %s %s', async (option, value, said) => {
    expect(await run('invite-code', option, value, '--data', data)).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining(said),
    })
  })
})
