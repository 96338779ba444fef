import { join } from 'node:path'
import type { Client } from '#core/client.ts'
import type { Log } from '#core/ports.ts'
import { createProfile, openProfile, type NewAccount, type ProfileParts } from '#core/profile.ts'
import { systemClock } from '#core/system-clock.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { runSelfTest } from '#crypto/self-test.ts'
import {
  createProfileFile,
  readProfileFile,
  removeProfileFile,
  type ProfileFile,
} from '#keychain/profile-file.ts'
import { lockProfile } from '#keychain/profile-lock.ts'
import type { MakeKeychain } from '#keychain/profile-keychain.ts'
import { RelayClient } from '#relay-client/client.ts'
import { makeFolders } from '#relay/data-folder.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { DATABASE_FILE, fileProfileStorage } from '#store/store.ts'
import type { Refusal } from './output.ts'

const CRYPTO_LIBRARY = `OpenSSL ${process.versions.openssl}`

/** How to get at a profile. */
export interface ProfileAccess {
  readonly folder: string
  /** Of the vault; for a new account, `null` means the system's keychain. */
  readonly passphrase: string | null
  readonly log: Log
  readonly makeKeychain: MakeKeychain
}

/** An open profile, this process' alone. */
export interface OpenedProfile {
  readonly client: Client
  /** Closes the client and lets others use the profile. */
  close(): Promise<void>
}

/** Opens the profile in a folder. Nothing is changed where that fails. */
export async function openProfileFolder(
  access: ProfileAccess,
): Promise<Result<OpenedProfile, Refusal>> {
  const file = await readProfileFile(access.folder)
  if (!file.ok) {
    // A database without the file that says where its key is cannot be opened, but is not nothing.
    const isDamaged = file.error.code === 'PROFILE_MISSING' && storageIn(access.folder).exists()
    return err(isDamaged ? failure('STORE_DAMAGED') : file.error)
  }
  if (file.value.protection === 'vault' && access.passphrase === null) {
    return err({
      ...failure('PASSPHRASE_WRONG'),
      hint: 'A passphrase protects this profile: give --passphrase-file or set SOTTO_PASSPHRASE.',
    })
  }
  return whileLocked(access, () => withParts(access, file.value, openProfile))
}

/** Creates an account in a folder, which is made where it is missing. */
export async function createProfileFolder(
  access: ProfileAccess,
  account: NewAccount,
): Promise<Result<OpenedProfile, Refusal>> {
  const { folder, passphrase } = access
  makeFolders(folder)
  return whileLocked(access, async () => {
    if (storageIn(folder).exists()) return err(failure('PROFILE_EXISTS'))
    // First: keys in a keychain that no file tells of could not be found again.
    const file = await createProfileFile(folder, passphrase === null ? 'keychain' : 'vault')
    if (!file.ok) return file
    const created = await withParts(access, file.value, (parts) => createProfile(parts, account))
    if (!created.ok) await removeProfileFile(folder)
    return created
  })
}

function storageIn(folder: string) {
  return fileProfileStorage(join(folder, DATABASE_FILE))
}

/** Takes the profile for this process until the client it opens is closed. */
async function whileLocked(
  { folder }: ProfileAccess,
  open: () => Promise<Result<Client, Refusal>>,
): Promise<Result<OpenedProfile, Refusal>> {
  // Fails closed: a machine whose cryptography gives wrong answers opens nothing.
  runSelfTest()
  const lock = lockProfile(folder)
  if (!lock.ok) return lock
  const opened = await open().catch((cause: unknown) => {
    lock.value.release()
    throw cause
  })
  if (!opened.ok) {
    lock.value.release()
    return opened
  }
  const client = opened.value
  const close = async (): Promise<void> => {
    await client.close()
    lock.value.release()
  }
  return ok({ client, close })
}

/** Builds what is behind a profile; of what does not open, no connection stays. */
async function withParts<E extends Failure>(
  { folder, passphrase, log, makeKeychain }: ProfileAccess,
  file: ProfileFile,
  open: (parts: ProfileParts) => Promise<Result<Client, E>>,
): Promise<Result<Client, E>> {
  const relay = new RelayClient({ clock: systemClock, random: randomBytes })
  const opened = await open({
    keychain: makeKeychain(folder, file, passphrase),
    storage: storageIn(folder),
    relay,
    clock: systemClock,
    log,
    cryptoLibrary: CRYPTO_LIBRARY,
  })
  if (!opened.ok) await relay.close()
  return opened
}
