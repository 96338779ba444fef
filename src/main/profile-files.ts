import { join } from 'node:path'
import type { Client } from '#core/client.ts'
import type { Log } from '#core/ports.ts'
import { createProfile, openProfile, type NewAccount, type ProfileParts } from '#core/profile.ts'
import { systemClock } from '#core/system-clock.ts'
import { randomBytes } from '#crypto/primitives.ts'
import { runSelfTest } from '#crypto/self-test.ts'
import { probeKeychain } from '#keychain/probe.ts'
import {
  createProfileFile,
  readProfileFile,
  removeProfileFile,
  type ProfileFile,
} from '#keychain/profile-file.ts'
import { makeKeychain } from '#keychain/profile-keychain.ts'
import { lockProfile, type ProfileLock } from '#keychain/profile-lock.ts'
import { RelayClient } from '#relay-client/client.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { AccountView } from '#shared/views.ts'
import { DATABASE_FILE, fileProfileStorage } from '#store/store.ts'
import { cryptoLibrary } from './crypto-library.ts'
import type { ProfileDoor, ProfileKind } from './profile-phase.ts'

/** What the first run asks for. */
export interface AccountWish extends NewAccount {
  /** For the passphrase vault; `null`: the keychain of this computer. */
  readonly passphrase: string | null
}

/** The files of one profile: what is there, and how it is opened and made. */
export class ProfileFiles implements ProfileDoor<Client, AccountWish, ErrorCode> {
  readonly #root: string
  readonly #log: Log
  readonly #systemProxyUrl: (url: string) => Promise<string | null>
  #lock: ProfileLock | null = null

  /** @param systemProxyUrl - the proxy that the system names for a URL; `null`: none. */
  constructor(root: string, log: Log, systemProxyUrl: (url: string) => Promise<string | null>) {
    this.#root = root
    this.#log = log
    this.#systemProxyUrl = systemProxyUrl
  }

  /** Takes the profile for this process and looks what is in its folder. */
  async kind(): Promise<Result<ProfileKind, Failure>> {
    // Fails closed: a machine whose cryptography gives wrong answers opens nothing.
    runSelfTest()
    if (this.#lock === null) {
      const locked = lockProfile(this.#root)
      if (!locked.ok) return locked
      this.#lock = locked.value
    }
    const file = await readProfileFile(this.#root)
    // A file without a database is what an interrupted first run leaves.
    if (file.ok) return ok(this.#storage().exists() ? file.value.protection : 'none')
    if (file.error.code !== 'PROFILE_MISSING') return file
    // A database without the file that says where its key is cannot be opened, but is not nothing.
    return this.#storage().exists() ? err(failure('STORE_DAMAGED')) : ok('none')
  }

  probeKeychain() {
    return probeKeychain()
  }

  async open(passphrase: string | null): Promise<Result<Client, Failure>> {
    const file = await readProfileFile(this.#root)
    return file.ok ? openProfile(this.#parts(file.value, passphrase)) : file
  }

  async create(wish: AccountWish): Promise<Result<Client, Failure<ErrorCode>>> {
    const { passphrase } = wish
    // Before the file that says where its key is gets another's place.
    if (this.#storage().exists()) return err(failure('PROFILE_EXISTS'))
    // First: keys in a keychain that no file tells of could not be found again.
    const file = await createProfileFile(this.#root, passphrase === null ? 'keychain' : 'vault')
    if (!file.ok) return file
    const created = await createProfile(this.#parts(file.value, passphrase), wish)
    if (!created.ok) await this.forget()
    return created
  }

  account(client: Client): AccountView {
    return client.account()
  }

  /** After the account was deleted with its keys and its database: removes what says that there was one. */
  async forget(): Promise<void> {
    await removeProfileFile(this.#root)
  }

  /** Until a profile says otherwise, through the proxy of the system. */
  makeRelay(): RelayClient {
    return new RelayClient({
      clock: systemClock,
      random: randomBytes,
      proxy: { kind: 'system' },
      systemProxyUrl: this.#systemProxyUrl,
    })
  }

  /** Lets other processes use the profile. */
  release(): void {
    this.#lock?.release()
    this.#lock = null
  }

  #storage() {
    return fileProfileStorage(join(this.#root, DATABASE_FILE))
  }

  #parts(file: ProfileFile, passphrase: string | null): ProfileParts {
    return {
      keychain: makeKeychain(this.#root, file, passphrase),
      storage: this.#storage(),
      relay: this.makeRelay(),
      clock: systemClock,
      log: this.#log,
      cryptoLibrary: cryptoLibrary(),
    }
  }
}
