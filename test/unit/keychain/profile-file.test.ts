import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createProfileFile, readProfileFile, removeProfileFile } from '#keychain/profile-file.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

const PROFILE = { profileId: '0123456789abcdef0123456789abcdef', protection: 'vault' } as const

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-profile-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('the file of a profile', () => {
  test('says where the keys are, and is gone when it is removed', async () => {
    const created = valueOf(await createProfileFile(folder, 'vault'))
    expect(readdirSync(folder)).toEqual(['profile.json'])
    expect(valueOf(await readProfileFile(folder))).toEqual(created)
    expect(created.protection).toBe('vault')
    await removeProfileFile(folder)
    expect(codeOf(await readProfileFile(folder))).toBe('PROFILE_MISSING')
  })

  test.each([
    ['', 'STORE_DAMAGED'],
    ['{"version":1', 'STORE_DAMAGED'],
    ['[]', 'STORE_DAMAGED'],
    [JSON.stringify({ version: 1, ...PROFILE, protection: 'none' }), 'STORE_DAMAGED'],
    [JSON.stringify({ version: 1, ...PROFILE, profileId: '../../other' }), 'STORE_DAMAGED'],
    [JSON.stringify({ version: 1, ...PROFILE, name: 'Ada' }), 'STORE_DAMAGED'],
    [JSON.stringify({ version: 2, somewhere: 'else' }), 'STORE_TOO_NEW'],
  ])('is refused as %s with %s', async (content, code) => {
    writeFileSync(join(folder, 'profile.json'), content)
    expect(codeOf(await readProfileFile(folder))).toBe(code)
  })

  test('has another id for every profile', async () => {
    const first = valueOf(await createProfileFile(folder, 'keychain'))
    const second = valueOf(await createProfileFile(folder, 'keychain'))
    expect(second.profileId).not.toBe(first.profileId)
  })
})
