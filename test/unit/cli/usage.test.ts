import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EXIT, exitCodeOf } from '#cli/exit-codes.ts'
import { profileFolder } from '#cli/profile-location.ts'
import { readPassphrase } from '#cli/passphrase.ts'
import { createProfileFile } from '#keychain/profile-file.ts'
import { runSotto } from './sotto.ts'

const COMMANDS = [
  'init',
  'whoami',
  'invite',
  'add',
  'requests',
  'accept',
  'block',
  'unblock',
  'remove',
  'send',
  'receive',
  'conversations',
  'messages',
  'verify',
  'export',
  'rpc',
]

const onLinux = process.platform === 'linux'

describe('the command line', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-cli-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('lists every command in its help', async () => {
    const { exitCode, stdout } = await runSotto(['--help'])
    expect(exitCode).toBe(EXIT.done)
    for (const command of [...COMMANDS, 'relay']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
    }
  })

  it.each(COMMANDS)('shows examples in the help of %s', async (command) => {
    const { exitCode, stdout, stderr } = await runSotto([command, '--help'])
    expect(exitCode).toBe(EXIT.done)
    expect(stdout).toContain(`Examples:\n  sotto ${command}`)
    expect(stdout).toContain('--profile <folder>')
    expect(stderr).toBe('')
  })

  it('shows the help of the relay and of its commands', async () => {
    const { stdout } = await runSotto(['relay', 'invite-code', '--help'])
    expect(stdout).toContain('--uses <number>')
  })

  it('shows its version', async () => {
    const { exitCode, stdout } = await runSotto(['--version'])
    expect(exitCode).toBe(EXIT.done)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it.each([
    { args: ['frobnicate'], says: "unknown command 'frobnicate'" },
    { args: ['sendd'], says: 'Did you mean send?' },
    { args: ['send', 'ada@relay'], says: "missing required argument 'text'" },
    { args: ['whoami', '--frobnicate'], says: "unknown option '--frobnicate'" },
    { args: ['init', 'ada'], says: '--relay <host>' },
    {
      args: ['init', 'ada', '--relay', 'localhost', '--display-name', 'x'.repeat(65)],
      says: 'It has at most 64 characters.',
    },
    { args: ['receive', '--wait', 'soon'], says: 'It must be a number of seconds' },
    {
      args: ['messages', 'ada@relay', '--limit', '0'],
      says: 'It must be a whole number from 1 on',
    },
    { args: ['relay', '--port', 'x'], says: '--port must be a whole number from 0 to 65535.' },
  ])('says in a sentence what is wrong with $args', async ({ args, says }) => {
    const { exitCode, stdout, stderr } = await runSotto(args)
    expect(exitCode).toBe(EXIT.usage)
    expect(stdout).toBe('')
    expect(stderr).toContain(says)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('says that there is no account, and leaves no trace of having looked', async () => {
    const profile = join(folder, 'none')
    const { exitCode, stderr } = await runSotto(['whoami', '--profile', profile])
    expect(exitCode).toBe(EXIT.profile)
    expect(stderr).toContain('sotto init')
    expect(readdirSync(folder)).toEqual([])
  })

  it.each([
    ['whoami', 'a file', (folder: string) => join(folder, 'file')],
    ['whoami', 'below a file', (folder: string) => join(folder, 'file', 'profile')],
    ['init', 'a file', (folder: string) => join(folder, 'file')],
    ['init', 'below a file', (folder: string) => join(folder, 'file', 'profile')],
    // Nothing can be made in /proc, whoever asks; elsewhere the same as above.
    [
      'init',
      'where none can be',
      (folder: string) => join(onLinux ? '/proc' : join(folder, 'file'), 'x'),
    ],
  ])('says of the folder for %s that it cannot be used: %s', async (command, _what, profileIn) => {
    writeFileSync(join(folder, 'file'), '')
    const profile = profileIn(folder)
    const more = command === 'init' ? ['ada', '--relay', '127.0.0.1:1'] : []
    const { exitCode, stderr } = await runSotto([command, ...more, '--profile', profile])
    expect(exitCode).toBe(EXIT.profile)
    expect(stderr).toContain(`${profile} cannot be read or written`)
    expect(stderr).toContain('--profile')
  })

  it.each(['profile.json', 'profile.lock', 'vault'])(
    'says that a profile cannot be used where %s is a folder',
    async (name) => {
      await createProfileFile(folder, 'vault')
      writeFileSync(join(folder, 'sotto.db'), '')
      rmSync(join(folder, name), { force: true })
      mkdirSync(join(folder, name))
      const env = { SOTTO_PASSPHRASE: 'correct horse' }
      const whoami = ['whoami', '--json', '--profile', folder]
      const { exitCode, stderr } = await runSotto(whoami, { env })
      expect(exitCode).toBe(EXIT.profile)
      expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'PROFILE_UNUSABLE' } })
    },
  )

  it('says that a profile is damaged where its database is without the file that tells of its key', async () => {
    writeFileSync(join(folder, 'sotto.db'), '')
    const { exitCode, stderr } = await runSotto(['whoami', '--json', '--profile', folder])
    expect(exitCode).toBe(EXIT.profile)
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'STORE_DAMAGED' } })
  })

  it('says what a relay looks like, and that no account was made', async () => {
    const init = (relay: string) =>
      runSotto(['init', 'ada', '--relay', relay, '--profile', join(folder, 'profile')])
    expect(await init('x y')).toMatchObject({
      exitCode: EXIT.usage,
      stderr: 'A relay looks like relay.example.org or relay.example.org:8443.\n',
    })
    const unreachable = await init('127.0.0.1:1')
    expect(unreachable.exitCode).toBe(EXIT.network)
    expect(unreachable.stderr).toContain('no account was made')
  })

  it('tells failures as JSON where JSON is wanted, wherever the option stands', async () => {
    for (const args of [
      ['--json', 'whoami', '--profile', folder],
      ['whoami', '--profile', folder, '--json'],
    ]) {
      const { stdout, stderr } = await runSotto(args)
      expect(stdout).toBe('')
      expect(JSON.parse(stderr)).toMatchObject({
        error: { code: 'PROFILE_MISSING', retry: 'after-action' },
      })
    }
  })

  it('knows where the network, the keys, the profile and the identity are the reason', () => {
    expect(exitCodeOf('RELAY_UNREACHABLE')).toBe(EXIT.network)
    expect(exitCodeOf('KEYCHAIN_LOCKED')).toBe(EXIT.keys)
    expect(exitCodeOf('PROFILE_IN_USE')).toBe(EXIT.profile)
    expect(exitCodeOf('CONTACT_IDENTITY_CHANGED')).toBe(EXIT.identity)
    expect(exitCodeOf('CONTACT_BLOCKED')).toBe(EXIT.failed)
  })

  describe('the profile folder', () => {
    it.each([
      { platform: 'linux', env: { HOME: '/h' }, folder: '/h/.config/Sotto/profiles/cli' },
      {
        platform: 'linux',
        env: { HOME: '/h', XDG_CONFIG_HOME: '/x' },
        folder: '/x/Sotto/profiles/cli',
      },
      {
        platform: 'darwin',
        env: { HOME: '/h' },
        folder: '/h/Library/Application Support/Sotto/profiles/cli',
      },
      { platform: 'win32', env: { APPDATA: '/a' }, folder: '/a/Sotto/profiles/cli' },
      { platform: 'linux', env: { SOTTO_PROFILE: '/p' }, folder: '/p' },
    ] as const)('is $folder on $platform with $env', ({ platform, env, folder: expected }) => {
      expect(profileFolder(undefined, env, platform)).toBe(expected)
    })

    it('is the one that is given before all others', () => {
      expect(profileFolder('/given', { SOTTO_PROFILE: '/p' })).toBe('/given')
    })
  })

  describe('the passphrase', () => {
    it('is the first line of the file, before the environment', async () => {
      const file = join(folder, 'passphrase')
      writeFileSync(file, 'of the file\nsecond line\n')
      expect(await readPassphrase(file, { SOTTO_PASSPHRASE: 'of the environment' })).toEqual({
        ok: true,
        value: 'of the file',
      })
      expect(await readPassphrase(undefined, { SOTTO_PASSPHRASE: 'x' })).toEqual({
        ok: true,
        value: 'x',
      })
      expect(await readPassphrase(undefined, {})).toEqual({ ok: true, value: null })
    })

    it('is refused where the file is missing or empty', async () => {
      const empty = join(folder, 'empty')
      writeFileSync(empty, '\n')
      for (const file of [empty, join(folder, 'missing')]) {
        const read = await readPassphrase(file, { SOTTO_PASSPHRASE: 'unused' })
        expect(read).toMatchObject({ ok: false, error: { code: 'PASSPHRASE_WRONG' } })
      }
    })
  })
})
