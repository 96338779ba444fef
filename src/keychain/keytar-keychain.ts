import type {
  Keychain,
  KeychainLoadError,
  KeychainRemoveError,
  KeychainSaveError,
  ProfileSecrets,
} from '#core/ports.ts'
import { wipe } from '#crypto/primitives.ts'
import { decodeBase64Url, encodeBase64Url } from '#shared/bytes.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { loadKeytar } from './keytar-module.ts'
import { secretServiceState } from './secret-service.ts'
import { decodeSecrets, encodeSecrets } from './secrets-codec.ts'

const SERVICE = 'Sotto'
/** A prompt waits for a person; after this time the keychain counts as locked. */
const ANSWER_WITHIN_MS = 60_000

type AccessError = 'KEYCHAIN_UNAVAILABLE' | 'KEYCHAIN_LOCKED' | 'KEYCHAIN_DENIED'
type KeytarModule = NonNullable<Awaited<ReturnType<typeof loadKeytar>>>

const BACKENDS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'macOS Keychain',
  win32: 'Windows Credential Manager',
}

/** The secrets of one profile in the operating system's keychain, as one entry. */
export class KeytarKeychain implements Keychain {
  readonly protection = 'keychain'
  readonly backend = BACKENDS[process.platform] ?? 'Secret Service'
  readonly #profileId: string

  /** @param profileId - names the entry; says nothing about the account. */
  constructor(profileId: string) {
    this.#profileId = profileId
  }

  /** May show the system's prompt to unlock the keychain. */
  async load(): Promise<Result<ProfileSecrets, Failure<KeychainLoadError>>> {
    const read = await this.#ask((keytar) => keytar.getPassword(SERVICE, this.#profileId))
    if (!read.ok) return err(mustComeBack(read.error))
    if (read.value === null) {
      // The Secret Service finds nothing in a locked collection either.
      const code = await stateError()
      return err(code === null ? failure('KEYCHAIN_ENTRY_MISSING') : mustComeBack(failure(code)))
    }
    const secrets = decodeEntry(read.value)
    return secrets === null ? err(failure('KEYCHAIN_ENTRY_DAMAGED')) : ok(secrets)
  }

  async save(secrets: ProfileSecrets): Promise<Result<void, Failure<KeychainSaveError>>> {
    const encoded = encodeSecrets(secrets)
    const entry = encodeBase64Url(encoded)
    wipe(encoded)
    const written = await this.#ask((keytar) => keytar.setPassword(SERVICE, this.#profileId, entry))
    if (!written.ok) return written
    const read = await this.#ask((keytar) => keytar.getPassword(SERVICE, this.#profileId))
    if (!read.ok) return read
    if (read.value === entry) return ok(undefined)
    return err(failure((await stateError()) ?? 'KEYCHAIN_DENIED'))
  }

  async remove(): Promise<Result<void, Failure<KeychainRemoveError>>> {
    const removed = await this.#ask((keytar) => keytar.deletePassword(SERVICE, this.#profileId))
    if (!removed.ok) return err(mustComeBack(removed.error))
    if (removed.value) return ok(undefined)
    // Nothing was removed: it was not there, or it could not be seen.
    const code = await stateError()
    return code === null ? ok(undefined) : err(mustComeBack(failure(code)))
  }

  async #ask<T>(
    question: (keytar: KeytarModule) => Promise<T>,
  ): Promise<Result<T, Failure<AccessError>>> {
    const keytar = await loadKeytar()
    if (keytar === null) return err(failure('KEYCHAIN_UNAVAILABLE'))
    const before = await stateError()
    if (before === 'KEYCHAIN_UNAVAILABLE') return err(failure(before))
    try {
      const answer = await within(ANSWER_WITHIN_MS, question(keytar))
      return answer === null ? err(failure('KEYCHAIN_LOCKED')) : ok(answer.value)
    } catch (cause) {
      // Only the keychain's state tells why: its words are in the user's language.
      return err(failure((await stateError()) ?? 'KEYCHAIN_DENIED', { cause }))
    }
  }
}

/** Where the keys are in the keychain already, nothing can take its place. */
function mustComeBack(
  failed: Failure<AccessError>,
): Failure<'KEYCHAIN_NOT_RUNNING' | 'KEYCHAIN_LOCKED' | 'KEYCHAIN_DENIED'> {
  const { code } = failed
  return code === 'KEYCHAIN_UNAVAILABLE'
    ? { ...failed, code: 'KEYCHAIN_NOT_RUNNING' }
    : { ...failed, code }
}

/** Why the keychain may not answer; `null` where it should. Only Linux can tell, and needs to. */
async function stateError(): Promise<'KEYCHAIN_UNAVAILABLE' | 'KEYCHAIN_LOCKED' | null> {
  if (process.platform === 'darwin' || process.platform === 'win32') return null
  const state = await secretServiceState()
  if (state === 'absent') return 'KEYCHAIN_UNAVAILABLE'
  return state === 'locked' ? 'KEYCHAIN_LOCKED' : null
}

function decodeEntry(entry: string): ProfileSecrets | null {
  const encoded = decodeBase64Url(entry)
  if (encoded === null) return null
  const secrets = decodeSecrets(encoded)
  wipe(encoded)
  return secrets
}

/** The answer, or `null` where it takes longer. */
async function within<T>(timeMs: number, answer: Promise<T>): Promise<{ value: T } | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeMs, null)
  })
  try {
    return await Promise.race([answer.then((value) => ({ value })), late])
  } finally {
    clearTimeout(timer)
  }
}
