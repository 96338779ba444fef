import { beforeEach, expect, test, vi } from 'vitest'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { AppStateView } from '#shared/views.ts'
import {
  ProfilePhase,
  type ProfileDoor,
  type ProfileKind,
} from '../../../src/main/profile-phase.ts'
import { MemoryLog } from '../ipc/fixtures.ts'
import { ACCOUNT } from './views.ts'

type Client = 'the client'
type Opened = Result<Client, Failure>

let kind: Result<ProfileKind, Failure>
let keychain: 'available' | 'absent' | 'locked'
let opened: Opened
let due: (() => void)[]
let states: AppStateView[]
let inviteLink: string | null
const open = vi.fn(async (_passphrase: string | null) => opened)
const create = vi.fn(async (_name: string) => opened as Result<Client, Failure<'NAME_TAKEN'>>)

const door: ProfileDoor<Client, string, 'NAME_TAKEN'> = {
  kind: async () => kind,
  probeKeychain: async () => keychain,
  open,
  create,
  account: () => ACCOUNT,
}

function makePhase() {
  return new ProfilePhase(door, {
    log: new MemoryLog(),
    clock: {
      nowMs: () => 0,
      schedule: (_delayMs, callback) => {
        due.push(callback)
        return () => {
          due = due.filter((other) => other !== callback)
        }
      },
    },
    inviteLink: () => inviteLink,
    onChange: (state) => states.push(state),
  })
}

/** Lets the scheduled look happen, and everything that follows from it. */
async function letTimePass(): Promise<void> {
  const callbacks = due
  due = []
  for (const callback of callbacks) callback()
  await new Promise((resolve) => setTimeout(resolve))
}

beforeEach(() => {
  kind = ok('keychain')
  keychain = 'available'
  opened = ok('the client')
  due = []
  states = []
  inviteLink = null
  vi.clearAllMocks()
})

test('it starts by starting', () => {
  expect(makePhase().state()).toEqual({ phase: 'starting' })
})

test('a profile in the keychain is opened at once', async () => {
  const phase = makePhase()
  expect(await phase.open()).toEqual({ phase: 'ready', account: ACCOUNT })
  expect(phase.client()).toBe('the client')
  expect(open).toHaveBeenCalledExactlyOnceWith(null)
})

test('an empty folder means first run, with what is known of the keychain and the link that waits', async () => {
  kind = ok('none')
  keychain = 'absent'
  inviteLink = 'sotto://add?v=1'
  const expected = { phase: 'first-run', keychain: 'absent', inviteLink: 'sotto://add?v=1' }
  expect(await makePhase().open()).toEqual(expected)
  expect(open).not.toHaveBeenCalled()
})

test('an account is made at first run only', async () => {
  kind = ok('none')
  const phase = makePhase()
  expect(await phase.create('ada')).toEqual(err(failure('PROFILE_EXISTS')))
  await phase.open()
  expect(await phase.create('ada')).toEqual(ok(ACCOUNT))
  expect(phase.state()).toEqual({ phase: 'ready', account: ACCOUNT })
  expect(await phase.create('eve')).toEqual(err(failure('PROFILE_EXISTS')))
  expect(create).toHaveBeenCalledExactlyOnceWith('ada')
})

test('an account that could not be made leaves the first run as it was', async () => {
  kind = ok('none')
  const phase = makePhase()
  await phase.open()
  opened = err(failure('NAME_TAKEN'))
  expect(await phase.create('ada')).toEqual(err(failure('NAME_TAKEN')))
  expect(phase.state().phase).toBe('first-run')
})

test('a locked keychain is waited for without asking again and again', async () => {
  opened = err(failure('KEYCHAIN_LOCKED'))
  keychain = 'locked'
  const phase = makePhase()
  expect(await phase.open()).toEqual({ phase: 'keychain-locked' })
  await letTimePass()
  await letTimePass()
  expect(phase.state()).toEqual({ phase: 'keychain-locked' })
  expect(open).toHaveBeenCalledOnce()

  keychain = 'available'
  opened = ok('the client')
  await letTimePass()
  expect(phase.state()).toEqual({ phase: 'ready', account: ACCOUNT })
  expect(due).toEqual([])
})

test('a keychain that comes late opens the profile that could not be opened without it', async () => {
  opened = err(failure('KEYCHAIN_NOT_RUNNING'))
  keychain = 'absent'
  const phase = makePhase()
  expect(await phase.open()).toEqual({ phase: 'failed', code: 'KEYCHAIN_NOT_RUNNING' })
  await letTimePass()
  expect(open).toHaveBeenCalledOnce()
  keychain = 'available'
  opened = ok('the client')
  await letTimePass()
  expect(phase.state().phase).toBe('ready')
})

test('during the first run a keychain that is unlocked, or comes, is noticed', async () => {
  kind = ok('none')
  keychain = 'locked'
  const phase = makePhase()
  await phase.open()
  await letTimePass()
  expect(states).toHaveLength(1)
  keychain = 'available'
  await letTimePass()
  expect(states.at(-1)).toMatchObject({ phase: 'first-run', keychain: 'available' })
  expect(due).toEqual([])
})

test('a profile that fails for another reason is not tried again behind the user', async () => {
  opened = err(failure('STORE_DAMAGED'))
  await makePhase().open()
  expect(due).toEqual([])
})

test('the user can try a locked keychain again', async () => {
  opened = err(failure('KEYCHAIN_LOCKED'))
  const phase = makePhase()
  await phase.open()
  opened = ok('the client')
  expect((await phase.open()).phase).toBe('ready')
  await letTimePass()
  expect(open).toHaveBeenCalledTimes(2)
})

test.each<ErrorCode>([
  'KEYCHAIN_NOT_RUNNING',
  'KEYCHAIN_ENTRY_MISSING',
  'STORE_KEY_WRONG',
  'STORE_TOO_NEW',
])('%s is shown, and trying again can mend it', async (code) => {
  opened = err(failure(code))
  const phase = makePhase()
  expect(await phase.open()).toEqual({ phase: 'failed', code })
  expect(phase.client()).toBeNull()
  opened = ok('the client')
  expect((await phase.open()).phase).toBe('ready')
})

test('a profile file that cannot be read is not taken for an empty folder', async () => {
  kind = err(failure('STORE_DAMAGED'))
  expect(await makePhase().open()).toEqual({ phase: 'failed', code: 'STORE_DAMAGED' })
})

test('a vault waits for its passphrase, and a wrong one changes nothing', async () => {
  kind = ok('vault')
  const phase = makePhase()
  expect(await phase.open()).toEqual({ phase: 'vault-locked' })
  opened = err(failure('PASSPHRASE_WRONG'))
  expect(await phase.unlock('wrong')).toEqual(err(failure('PASSPHRASE_WRONG')))
  expect(phase.state()).toEqual({ phase: 'vault-locked' })
  opened = ok('the client')
  expect(await phase.unlock('right')).toEqual(ok(undefined))
  expect(open.mock.calls).toEqual([['wrong'], ['right']])
  expect(phase.state().phase).toBe('ready')
})

test('two attempts at once open the profile once', async () => {
  kind = ok('vault')
  const phase = makePhase()
  await phase.open()
  await Promise.all([phase.unlock('right'), phase.unlock('right'), phase.open()])
  expect(open).toHaveBeenCalledOnce()
})

test('an attempt that throws is shown as such and does not block the next one', async () => {
  open.mockRejectedValueOnce(new Error('a bug'))
  const phase = makePhase()
  expect(await phase.open()).toEqual({ phase: 'failed', code: 'INTERNAL' })
  expect((await phase.open()).phase).toBe('ready')
})

test('a link that comes during first run is shown there', async () => {
  kind = ok('none')
  const phase = makePhase()
  await phase.open()
  inviteLink = 'sotto://add?v=1'
  phase.refresh()
  expect(states.at(-1)).toMatchObject({ phase: 'first-run', inviteLink: 'sotto://add?v=1' })
})

test('after the account is deleted the app is as at first run', async () => {
  const phase = makePhase()
  await phase.open()
  kind = ok('none')
  expect((await phase.leave()).phase).toBe('first-run')
  expect(phase.client()).toBeNull()
})

test('files that the system refuses are told from a bug', async () => {
  open.mockRejectedValueOnce(Object.assign(new Error('not yours'), { code: 'EACCES' }))
  const phase = makePhase()
  expect(await phase.open()).toEqual({ phase: 'failed', code: 'PROFILE_UNUSABLE' })
  expect((await phase.open()).phase).toBe('ready')
})
