import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '#crypto/primitives.ts'
import { PassphraseVault } from '#keychain/passphrase-vault.ts'
import { decodeVault, VAULT_BYTES } from '#keychain/vault-codec.ts'
import { codeOf, valueOf } from '#test/helpers/value-of.ts'

const SECRETS = {
  signingKey: new Uint8Array(32).fill(1),
  agreementKey: new Uint8Array(32).fill(2),
  databaseKey: new Uint8Array(32).fill(3),
}
const PASSPHRASE = 'correct horse battery'
const LOG_N_AT = 9

let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-vault-'))
  path = join(folder, 'keys.vault')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('a passphrase vault', () => {
  test('gives the secrets back under the same passphrase, however it is typed', async () => {
    valueOf(await new PassphraseVault(path, 'Grüße aus Köln').save(SECRETS))
    const decomposed = 'Grüße aus Köln'.normalize('NFD')
    expect(valueOf(await new PassphraseVault(path, decomposed).load())).toEqual(SECRETS)
  })

  test('is one file that only its owner can read, and holds no secret', async () => {
    valueOf(await new PassphraseVault(path, PASSPHRASE).save(SECRETS))
    expect(readdirSync(folder)).toEqual(['keys.vault'])
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
    const file = readFileSync(path)
    expect(file).toHaveLength(VAULT_BYTES)
    for (const secret of Object.values(SECRETS))
      expect(file.includes(Buffer.from(secret))).toBe(false)
    expect(decodeVault(file)?.cost).toEqual({ N: 2 ** 17, r: 8, p: 1 })
  })

  test('tells a wrong passphrase, and stays as it is', async () => {
    valueOf(await new PassphraseVault(path, PASSPHRASE).save(SECRETS))
    const before = readFileSync(path)
    expect(codeOf(await new PassphraseVault(path, 'wrong horse battery').load())).toBe(
      'PASSPHRASE_WRONG',
    )
    expect(readFileSync(path)).toEqual(before)
  })

  test('tells that there is none', async () => {
    expect(codeOf(await new PassphraseVault(path, PASSPHRASE).load())).toBe(
      'KEYCHAIN_ENTRY_MISSING',
    )
  })

  test('tells damage at any place, without asking for the cost of a key', async () => {
    valueOf(await new PassphraseVault(path, PASSPHRASE).save(SECRETS))
    const good = readFileSync(path)
    for (let at = 0; at < good.length; at++) {
      const damaged = Uint8Array.from(good)
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      expect(decodeVault(damaged)).toBeNull()
    }
    for (const length of [0, 1, good.length - 1]) {
      writeFileSync(path, good.subarray(0, length))
      expect(codeOf(await new PassphraseVault(path, PASSPHRASE).load())).toBe('VAULT_DAMAGED')
    }
  })

  test.each([0, 10, 14, 20, 63, 255])(
    'refuses a file that asks for 2^%i rounds, though its checksum fits',
    async (logN) => {
      valueOf(await new PassphraseVault(path, PASSPHRASE).save(SECRETS))
      const file = Uint8Array.from(readFileSync(path))
      file[LOG_N_AT] = logN
      file.set(sha256(file.subarray(0, -8)).subarray(0, 8), file.length - 8)
      writeFileSync(path, file)
      expect(codeOf(await new PassphraseVault(path, PASSPHRASE).load())).toBe('VAULT_DAMAGED')
    },
  )

  test('wants eight characters, counted as people count', async () => {
    expect(codeOf(await new PassphraseVault(path, '1234567').save(SECRETS))).toBe('PASSPHRASE_WEAK')
    expect(codeOf(await new PassphraseVault(path, '🔑🔑🔑🔑').save(SECRETS))).toBe(
      'PASSPHRASE_WEAK',
    )
    expect(readdirSync(folder)).toEqual([])
  })

  test('takes another passphrase, and does not take a weak one', async () => {
    const vault = new PassphraseVault(path, PASSPHRASE)
    valueOf(await vault.save(SECRETS))
    expect(codeOf(await vault.changePassphrase('short'))).toBe('PASSPHRASE_WEAK')
    valueOf(await vault.changePassphrase('another good passphrase'))
    expect(valueOf(await vault.load())).toEqual(SECRETS)
    expect(codeOf(await new PassphraseVault(path, PASSPHRASE).load())).toBe('PASSPHRASE_WRONG')
  })

  test('is sealed anew each time', async () => {
    const vault = new PassphraseVault(path, PASSPHRASE)
    valueOf(await vault.save(SECRETS))
    const first = decodeVault(readFileSync(path))
    valueOf(await vault.save(SECRETS))
    const second = decodeVault(readFileSync(path))
    expect(first?.salt).not.toEqual(second?.salt)
    expect(first?.nonce).not.toEqual(second?.nonce)
  })

  test('is removed, also where it is not there', async () => {
    const vault = new PassphraseVault(path, PASSPHRASE)
    valueOf(await vault.save(SECRETS))
    valueOf(await vault.remove())
    valueOf(await vault.remove())
    expect(readdirSync(folder)).toEqual([])
  })
})
