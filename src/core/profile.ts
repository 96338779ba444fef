import { AgreementKeyPair, randomBytes, SigningKeyPair } from '#crypto/primitives.ts'
import { ERRORS, failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { makeAddress, NAME_PATTERN, parseRelayHost } from '#protocol/address.ts'
import { isDisplayNameSendable } from '#protocol/content.ts'
import { Client } from './client.ts'
import { Context } from './context.ts'
import { DeviceKeys } from './device-keys.ts'
import { PRIMARY_DEVICE_ID } from './outbox.ts'
import { keepPrekeys } from './prekey-upkeep.ts'
import { registerAccount, rememberInviteCode } from './registration.ts'
import type {
  Clock,
  Keychain,
  KeychainLoadError,
  Log,
  ProfileSecrets,
  ProfileStorage,
  Random,
  Relay,
  Store,
  StoreOpenError,
} from './ports.ts'

const DATABASE_KEY_BYTES = 32

/** The ports behind one profile. */
export interface ProfileParts {
  readonly keychain: Keychain
  readonly storage: ProfileStorage
  readonly relay: Relay
  readonly clock: Clock
  readonly log: Log
  /** Random bytes of the operating system, unless a test replays. */
  readonly random?: Random
  /** Name and version of the runtime's cryptographic library, for "Key health". */
  readonly cryptoLibrary: string
}

export interface NewAccount {
  /** Host of the relay, as typed. */
  readonly relay: string
  readonly name: string
  readonly displayName: string
  readonly inviteCode: string | null
}

/**
 * Creates an account: generates its keys, stores them in the keychain, creates the encrypted store and registers the
 * name, in this order, so that a name is never registered for keys that could be lost. Where the relay refuses the name
 * or the invite code, what was just made is taken back; where it stops answering at that moment, it may have the name
 * already: the profile stays, and the client goes on registering.
 */
export async function createProfile(
  parts: ProfileParts,
  input: NewAccount,
): Promise<Result<Client, Failure<ErrorCode>>> {
  const host = parseRelayHost(input.relay)
  if (host === null) return err(failure('ADDRESS_INVALID'))
  const name = input.name.trim().toLowerCase()
  if (!NAME_PATTERN.test(name)) return err(failure('NAME_INVALID'))
  // Others would take nothing that comes with it.
  if (!isDisplayNameSendable(input.displayName)) return err(failure('INVALID_INPUT'))
  if (parts.storage.exists()) return err(failure('PROFILE_EXISTS'))
  // Asked before anything is written: most refusals end here.
  const free = await parts.relay.nameFree(host, name)
  if (!free.ok) return free
  if (!free.value) return err(failure('NAME_TAKEN'))

  const random = parts.random ?? randomBytes
  const signing = SigningKeyPair.generate(random)
  const agreement = AgreementKeyPair.generate(random)
  const databaseKey = random(DATABASE_KEY_BYTES)
  const secrets: ProfileSecrets = {
    signingKey: signing.exportScalar(),
    agreementKey: agreement.exportScalar(),
    databaseKey,
  }
  const saved = await parts.keychain.save(secrets)
  if (!saved.ok) return saved
  const keys = new DeviceKeys(signing, agreement)
  const address = makeAddress(name, host)
  const nowMs = parts.clock.nowMs()
  const created = parts.storage.create(databaseKey, {
    address,
    deviceId: PRIMARY_DEVICE_ID,
    displayName: input.displayName,
    signingKey: signing.publicKey,
    agreementKey: agreement.publicKey,
    deviceCertificate: keys.certify(address, PRIMARY_DEVICE_ID, nowMs),
    createdAtMs: nowMs,
    registered: false,
    relayCursor: 0,
  })
  if (!created.ok) {
    await parts.keychain.remove()
    return created
  }
  const store = created.value
  const context = contextOf(parts, store, keys)
  rememberInviteCode(store.settings, input.inviteCode)
  const registered = await registerAccount(context)
  if (!registered.ok && ERRORS[registered.error.code].retry !== 'later') {
    store.close()
    parts.storage.discard()
    await parts.keychain.remove()
    return registered
  }
  // Who has just been given the address can write at once; what fails here is repeated behind.
  if (registered.ok) await keepPrekeys(context)
  return ok(clientOf(parts, context))
}

export type OpenProfileError = KeychainLoadError | StoreOpenError

/** Opens a profile with the keys of its keychain. Nothing is changed or deleted where that fails. */
export async function openProfile(
  parts: ProfileParts,
): Promise<Result<Client, Failure<OpenProfileError>>> {
  if (!parts.storage.exists()) return err(failure('PROFILE_MISSING'))
  const loaded = await parts.keychain.load()
  if (!loaded.ok) return loaded
  const keys = DeviceKeys.fromSecrets(loaded.value)
  if (keys === null) return err(failure('KEYCHAIN_ENTRY_DAMAGED'))
  const opened = parts.storage.open(loaded.value.databaseKey)
  if (!opened.ok) return opened
  const account = opened.value.account.get()
  if (account === null || !keys.belongTo(account)) {
    opened.value.close()
    return err(failure(account === null ? 'PROFILE_MISSING' : 'KEYCHAIN_ENTRY_DAMAGED'))
  }
  return ok(clientOf(parts, contextOf(parts, opened.value, keys)))
}

function contextOf(parts: ProfileParts, store: Store, keys: DeviceKeys): Context {
  const { relay, clock, log } = parts
  return new Context({ store, relay, clock, log, keys, random: parts.random ?? randomBytes })
}

function clientOf(parts: ProfileParts, context: Context): Client {
  const { keychain, storage, cryptoLibrary } = parts
  return new Client({ context, keychain, storage, cryptoLibrary })
}
