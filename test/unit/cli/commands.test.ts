import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '#cli/exit-codes.ts'
import type { Keychain } from '#core/ports.ts'
import { lockProfile } from '#keychain/profile-lock.ts'
import { failure } from '#shared/errors.ts'
import { err } from '#shared/result.ts'
import type { AccountView, ContactView, ConversationView, MessageView } from '#shared/views.ts'
import { memoryKeychain } from '#test/helpers/memory-keychain.ts'
import { Scenario } from '#test/helpers/scenario.ts'
import { valueOf } from '#test/helpers/value-of.ts'
import { jsonLines, runSotto, Sotto, twoFriends } from './sotto.ts'

type Printed = MessageView & { readonly address: string }

describe('the commands', () => {
  let scenario: Scenario
  let ada: Sotto
  let ben: Sotto
  const adaAddress = () => `ada@${scenario.host}`
  const benAddress = () => `ben@${scenario.host}`

  beforeAll(async () => {
    scenario = await Scenario.start()
    ;[ada, ben] = await twoFriends(scenario.host, scenario.folder)
  })
  afterAll(() => scenario.close())

  it('show the account', async () => {
    const [account] = await ada.json<AccountView & { profile: string }>('whoami')
    expect(account).toMatchObject({
      address: adaAddress(),
      displayName: 'Ada',
      registered: true,
      profile: ada.folder,
    })
    expect(await ada.print('whoami')).toContain(adaAddress())
  })

  it('make contacts by link, verified for who added it', async () => {
    const [withAda] = await ben.json<ConversationView>('conversations')
    const [withBen] = await ada.json<ConversationView>('conversations')
    expect(withAda?.contact).toMatchObject({ address: adaAddress(), relation: 'accepted' })
    expect(withAda?.contact.verifiedAtMs).not.toBeNull()
    expect(withBen?.contact).toMatchObject({ title: 'Ben', relation: 'accepted' })
    expect(withBen?.contact.verifiedAtMs).toBeNull()
  })

  it('send a message that is received once', async () => {
    expect(await ben.print('send', adaAddress(), 'Hello Ada')).toBe('sent')
    const received = await ada.json<Printed>('receive')
    expect(received).toMatchObject([{ address: benAddress(), author: 'them', text: 'Hello Ada' }])
    expect(await ada.print('receive')).toBe('')
    await ben.print('receive')
    const shown = await ben.json<Printed>('messages', adaAddress())
    expect(shown.at(-1)).toMatchObject({ text: 'Hello Ada', state: 'read' })
  })

  it('send what comes on standard input, and replies', async () => {
    const [first] = (await ada.json<Printed>('messages', benAddress())).slice(-1)
    const sent = await ada.run(['send', benAddress(), '-', '--reply-to', String(first?.seq)], {
      stdin: 'two\nlines\n',
    })
    expect(sent).toMatchObject({ exitCode: EXIT.done, stdout: 'sent\n' })
    const [received] = await ben.json<Printed>('receive')
    expect(received).toMatchObject({ text: 'two\nlines', replyTo: { excerpt: 'Hello Ada' } })
  })

  it('send a text that begins with a dash', async () => {
    expect(await ada.print('send', benAddress(), '--', '-dash')).toBe('sent')
    expect(await ben.json<Printed>('receive')).toMatchObject([{ text: '-dash' }])
  })

  it('print messages as they come, for as long as they shall wait', async () => {
    const interruption = new AbortController()
    const receiving = ada.run(['receive', '--wait', '60', '--json'], {
      interrupted: interruption.signal,
      onOutput: (text) => {
        if (text.includes('third')) interruption.abort()
      },
    })
    for (const text of ['first', 'second', 'third']) await ben.print('send', adaAddress(), text)
    const { exitCode, stdout } = await receiving
    expect(exitCode).toBe(EXIT.done)
    expect(jsonLines<Printed>(stdout).map(({ text }) => text)).toEqual(['first', 'second', 'third'])
  })

  it('print pages of a conversation', async () => {
    const all = await ada.json<Printed>('messages', benAddress(), '--limit', '1000')
    const newest = await ada.json<Printed>('messages', benAddress(), '--limit', '2')
    expect(newest).toEqual(all.slice(-2))
    const before = String(newest[0]?.seq)
    const older = await ada.json<Printed>(
      'messages',
      benAddress(),
      '--limit',
      '2',
      '--before',
      before,
    )
    expect(older).toEqual(all.slice(-4, -2))
  })

  it('export everything, readable', async () => {
    const lines = jsonLines<Record<string, unknown>>(await ada.print('export'))
    expect(lines[0]).toMatchObject({ type: 'account', address: adaAddress() })
    expect(lines).toContainEqual(expect.objectContaining({ type: 'message', text: 'two\nlines' }))
    expect(JSON.stringify(lines)).not.toMatch(/key|token/i)
  })

  it('verify by comparing the safety number', async () => {
    const [number] = await ada.json<{ groups: string[]; verifiedAtMs: number | null }>(
      'verify',
      benAddress(),
    )
    const [same] = await ben.json<{ groups: string[]; qr: string }>('verify', adaAddress())
    expect(number?.groups).toEqual(same?.groups)
    const wrong = await ada.run(['verify', benAddress(), '--number', '12345'])
    expect(wrong.exitCode).toBe(EXIT.identity)
    expect(wrong.stderr).toContain('The numbers differ')
    const digits = same?.groups.join(' ') ?? ''
    const [verified] = await ada.json<{ verifiedAtMs: number | null }>(
      'verify',
      benAddress(),
      '--number',
      digits,
    )
    expect(verified?.verifiedAtMs).not.toBeNull()
    const [undone] = await ada.json<{ verifiedAtMs: number | null }>(
      'verify',
      benAddress(),
      '--undo',
    )
    expect(undone?.verifiedAtMs).toBeNull()
    const [byQr] = await ada.json<{ verifiedAtMs: number | null }>(
      'verify',
      benAddress(),
      '--qr',
      same?.qr ?? '',
    )
    expect(byQr?.verifiedAtMs).not.toBeNull()
  })

  it('ask, accept, block, unblock and remove', async () => {
    const cleo = new Sotto(join(scenario.folder, 'cli-cleo'))
    await cleo.print('init', 'cleo', '--relay', scenario.host)
    await cleo.print('add', adaAddress())
    const waiting = await cleo.run(['send', adaAddress(), 'May I?', '--wait', '20'])
    expect(waiting).toMatchObject({ exitCode: EXIT.waiting, stdout: 'waiting\n' })
    expect(waiting.stderr).toContain('until your request is accepted')

    const [request] = await ada.json<ContactView>('requests')
    expect(request).toMatchObject({ address: `cleo@${scenario.host}`, relation: 'request-in' })
    expect((await ada.run(['receive'])).stderr).toContain('Waiting requests: 1')
    await ada.print('accept', `cleo@${scenario.host}`)
    await cleo.print('receive')
    expect(await ada.json<Printed>('receive')).toMatchObject([{ text: 'May I?' }])

    const [blocked] = await ada.json<ContactView>('block', `cleo@${scenario.host}`)
    expect(blocked?.relation).toBe('blocked')
    const refused = await ada.run(['send', `cleo@${scenario.host}`, 'x'])
    expect(refused).toMatchObject({ exitCode: EXIT.failed, stdout: '' })
    const [unblocked] = await ada.json<ContactView>('unblock', `cleo@${scenario.host}`)
    expect(unblocked?.relation).toBe('accepted')
    expect(await ada.print('remove', `cleo@${scenario.host}`)).toContain('(removed)')
    expect((await ada.run(['messages', `cleo@${scenario.host}`])).exitCode).toBe(EXIT.failed)
  })

  it.each([
    { args: ['add', 'no address'], exitCode: EXIT.usage },
    { args: ['add', 'sotto://add?v=1'], exitCode: EXIT.usage },
    { args: ['send', 'nobody@relay.example.org', 'x'], exitCode: EXIT.failed },
    { args: ['send', 'nowhere', 'x'], exitCode: EXIT.usage },
    { args: ['send', 'nobody@relay.example.org', ' '], exitCode: EXIT.usage },
    { args: ['init', 'ada', '--relay', '127.0.0.1:1'], exitCode: EXIT.profile },
  ])('refuse $args with exit code $exitCode', async ({ args, exitCode }) => {
    const ended = await ada.run(args)
    expect(ended).toMatchObject({ exitCode, stdout: '' })
    expect(ended.stderr).not.toBe('')
  })

  it('refuse a name that is taken, and take back what they made', async () => {
    const folder = join(scenario.folder, 'cli-taken')
    const taken = await new Sotto(folder).run(['init', 'ada', '--relay', scenario.host, '--json'])
    expect(taken.exitCode).toBe(EXIT.failed)
    expect(JSON.parse(taken.stderr)).toMatchObject({ error: { code: 'NAME_TAKEN' } })
    expect(readdirSync(folder)).toEqual(['profile.lock'])
  })

  it('say when the profile is open elsewhere', async () => {
    const other = valueOf(lockProfile(ada.folder))
    const refused = await ada.run(['whoami', '--json'])
    other.release()
    expect(refused.exitCode).toBe(EXIT.profile)
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'PROFILE_IN_USE' } })
    expect((await ada.run(['whoami'])).exitCode).toBe(EXIT.done)
  })

  it('keep what cannot be sent, and send it later', async () => {
    const { restart } = await scenario.stopRelay()
    const kept = await ben.run(['send', adaAddress(), 'while it was away', '--wait', '0.2'])
    expect(kept).toMatchObject({ exitCode: EXIT.waiting, stdout: 'waiting\n' })
    const offline = await ben.run(['receive', '--wait', '0.2', '--json'])
    expect(offline.exitCode).toBe(EXIT.network)
    await restart()
    await ben.print('receive')
    expect(await ada.json<Printed>('receive')).toMatchObject([{ text: 'while it was away' }])
  })

  it('protect the keys by a passphrase where one is given', async () => {
    const folder = join(scenario.folder, 'cli-vault')
    const file = join(scenario.folder, 'passphrase')
    writeFileSync(file, 'correct horse battery\n')
    const protection = ['--profile', folder, '--passphrase-file', file]
    const made = await runSotto(['init', 'bot', '--relay', scenario.host, ...protection])
    expect(made.exitCode).toBe(EXIT.done)
    expect(readdirSync(folder)).toContain('vault')
    const whoami = ['whoami', '--profile', folder]
    const right = { SOTTO_PASSPHRASE: 'correct horse battery' }
    expect(await runSotto(whoami, { env: right })).toMatchObject({ exitCode: EXIT.done })
    const none = await runSotto(whoami)
    expect(none.exitCode).toBe(EXIT.keys)
    expect(none.stderr).toContain('--passphrase-file')
    const wrong = await runSotto(whoami, { env: { SOTTO_PASSPHRASE: 'wrong horse' } })
    expect(wrong.exitCode).toBe(EXIT.keys)
    const weak = await runSotto(
      ['init', 'weak', '--relay', scenario.host, '--profile', `${folder}-weak`, '--json'],
      { env: { SOTTO_PASSPHRASE: 'short' } },
    )
    expect(JSON.parse(weak.stderr)).toMatchObject({ error: { code: 'PASSPHRASE_WEAK' } })
    rmSync(folder, { recursive: true })
  })

  it('propose a passphrase where there is no keychain, but not for keys that are in one', async () => {
    const profile = ['--profile', join(scenario.folder, 'cli-no-keychain')]
    const makeKeychain = (): Keychain => ({
      ...memoryKeychain(),
      save: async () => err(failure('KEYCHAIN_UNAVAILABLE')),
    })
    const made = await runSotto(['init', 'keyless', '--relay', scenario.host, ...profile], {
      makeKeychain,
    })
    expect(made.exitCode).toBe(EXIT.keys)
    expect(made.stderr).toContain('--passphrase-file')

    const away = async () => err(failure('KEYCHAIN_NOT_RUNNING'))
    const opened = await runSotto(['whoami', '--profile', ada.folder], {
      makeKeychain: () => ({ ...memoryKeychain(), load: away }),
    })
    expect(opened.exitCode).toBe(EXIT.keys)
    expect(opened.stderr).toContain('GNOME Keyring')
    expect(opened.stderr).not.toContain('--passphrase-file')
  })
})
