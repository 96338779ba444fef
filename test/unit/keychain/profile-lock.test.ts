import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lockProfile } from '#keychain/profile-lock.ts'

const LOCK_MODULE = new URL('../../../src/keychain/profile-lock.ts', import.meta.url).href

describe('the lock of a profile', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotto-lock-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('lets in one at a time', () => {
    const first = lockProfile(folder)
    expect(first.ok).toBe(true)
    expect(lockProfile(folder)).toMatchObject({ ok: false, error: { code: 'PROFILE_IN_USE' } })
    if (first.ok) first.value.release()
    const next = lockProfile(folder)
    expect(next.ok).toBe(true)
    if (next.ok) next.value.release()
  })

  it('may be released twice', () => {
    const lock = lockProfile(folder)
    if (!lock.ok) throw new Error('not locked')
    lock.value.release()
    lock.value.release()
    expect(lockProfile(folder).ok).toBe(true)
  })

  it('writes nothing into its one file', () => {
    const lock = lockProfile(folder)
    expect(readdirSync(folder)).toEqual(['profile.lock'])
    expect(statSync(join(folder, 'profile.lock')).size).toBe(0)
    if (lock.ok) lock.value.release()
  })

  it('says that a folder cannot be used, rather than that it is in use', () => {
    const lock = lockProfile(join(folder, 'missing'))
    expect(lock).toMatchObject({ ok: false, error: { code: 'PROFILE_UNUSABLE' } })
  })

  it('ends with a process that is killed', async () => {
    const script = `
      const { lockProfile } = await import(${JSON.stringify(LOCK_MODULE)})
      console.log(lockProfile(${JSON.stringify(folder)}).ok)
      setInterval(() => undefined, 1000)`
    const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(holder, 'exit')
    try {
      const [said] = (await once(holder.stdout, 'data')) as [Buffer]
      expect(said.toString()).toBe('true\n')
      expect(lockProfile(folder)).toMatchObject({ ok: false, error: { code: 'PROFILE_IN_USE' } })
    } finally {
      holder.kill('SIGKILL')
      await ended
    }
    const lock = lockProfile(folder)
    expect(lock.ok).toBe(true)
    if (lock.ok) lock.value.release()
  })
})
