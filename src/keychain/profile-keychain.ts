import { join } from 'node:path'
import type { Keychain } from '#core/ports.ts'
import { KeytarKeychain } from './keytar-keychain.ts'
import { PassphraseVault } from './passphrase-vault.ts'
import type { ProfileFile } from './profile-file.ts'

const VAULT_FILE = 'vault'

/** Gives the keychain of a profile, by what its file says. */
export type MakeKeychain = (
  folder: string,
  profile: ProfileFile,
  passphrase: string | null,
) => Keychain

/** The system's keychain, or the vault in the profile's folder, whose passphrase is never `null`. */
export const makeKeychain: MakeKeychain = (folder, { profileId, protection }, passphrase) =>
  protection === 'keychain'
    ? new KeytarKeychain(profileId)
    : new PassphraseVault(join(folder, VAULT_FILE), passphrase ?? '')
