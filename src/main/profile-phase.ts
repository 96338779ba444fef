import type { Clock, Log } from '#core/ports.ts'
import { isRefusedBySystem } from '#keychain/refused-by-system.ts'
import { failure, type ErrorCode, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { AccountView, AppStateView } from '#shared/views.ts'

const KEYCHAIN_LOOK_MS = 5_000

/** What protects the profile's keys, if there is a profile. */
export type ProfileKind = 'none' | 'keychain' | 'vault'

/** Why a vault cannot be unlocked, in words of the call `app.unlockVault`. */
export type UnlockError =
  | 'PASSPHRASE_WRONG'
  | 'VAULT_DAMAGED'
  | 'STORE_KEY_WRONG'
  | 'STORE_DAMAGED'
  | 'STORE_TOO_NEW'
  | 'INTERNAL'

/** How a profile is found, made and opened. The phases decide when. */
export interface ProfileDoor<Client, NewAccount, CreateError extends ErrorCode> {
  kind(): Promise<Result<ProfileKind, Failure>>
  /** Without a prompt. */
  probeKeychain(): Promise<'available' | 'absent' | 'locked'>
  /** May make the system ask the user to unlock the keychain. */
  open(passphrase: string | null): Promise<Result<Client, Failure>>
  create(account: NewAccount): Promise<Result<Client, Failure<CreateError>>>
  /** What the client is for. */
  account(client: Client): AccountView
}

interface PhaseOptions {
  readonly clock: Clock
  readonly log: Log
  /** A link that waits for an account. */
  readonly inviteLink: () => string | null
  readonly onChange: (state: AppStateView, before: AppStateView) => void
}

/**
 * Where the app stands: starting → first run, keychain locked, vault locked, failed or ready. All moves go
 * through here, one after the other. Nothing is deleted in any of them: a profile that cannot be opened waits.
 */
export class ProfilePhase<Client, NewAccount, CreateError extends ErrorCode> {
  readonly #door: ProfileDoor<Client, NewAccount, CreateError>
  readonly #options: PhaseOptions
  #state: AppStateView = { phase: 'starting' }
  #client: Client | null = null
  #last: Promise<unknown> = Promise.resolve()
  #cancelLook: () => void = () => undefined

  constructor(door: ProfileDoor<Client, NewAccount, CreateError>, options: PhaseOptions) {
    this.#door = door
    this.#options = options
  }

  state(): AppStateView {
    return this.#state
  }

  /** The open profile, or `null`. */
  client(): Client | null {
    return this.#client
  }

  /** Opens what can be opened without the user; also tries again after a failure. Leaves an open profile as it is. */
  open(): Promise<AppStateView> {
    return this.#inOrder(async () => {
      if (this.#client !== null) return this.#state
      try {
        return await this.#findAndOpen()
      } catch (cause) {
        this.#options.log.error('profile-open-threw', cause)
        return this.#fail(isRefusedBySystem(cause) ? 'PROFILE_UNUSABLE' : 'INTERNAL')
      }
    })
  }

  /** Opens a profile with a passphrase vault; a wrong passphrase changes nothing. */
  unlock(passphrase: string): Promise<Result<void, Failure<UnlockError>>> {
    return this.#inOrder(async () => {
      if (this.#state.phase !== 'vault-locked') return ok(undefined)
      const opened = await this.#door.open(passphrase)
      if (!opened.ok) return err(unlockFailure(opened.error))
      this.#ready(opened.value)
      return ok(undefined)
    })
  }

  /** Makes the account; only where there is none. */
  create(
    account: NewAccount,
  ): Promise<Result<AccountView, Failure<CreateError | 'PROFILE_EXISTS'>>> {
    return this.#inOrder(async () => {
      if (this.#state.phase !== 'first-run') return err(failure('PROFILE_EXISTS'))
      const created = await this.#door.create(account)
      if (!created.ok) return created
      return ok(this.#ready(created.value))
    })
  }

  /** A link came, or the account changed: the state says so. */
  refresh(): void {
    if (this.#state.phase === 'first-run') {
      this.#enter({ ...this.#state, inviteLink: this.#options.inviteLink() })
    } else if (this.#client !== null) {
      this.#ready(this.#client)
    }
  }

  /** The client was closed, since its account was deleted: looks anew at what is there. */
  leave(): Promise<AppStateView> {
    this.#client = null
    return this.open()
  }

  /** Stops waiting; for the end of the app. */
  stop(): void {
    this.#cancelLook()
  }

  async #findAndOpen(): Promise<AppStateView> {
    const kind = await this.#door.kind()
    if (!kind.ok) return this.#fail(kind.error.code)
    if (kind.value === 'none') return this.#firstRun()
    if (kind.value === 'vault') return this.#enter({ phase: 'vault-locked' })
    return this.#openWithKeychain()
  }

  async #openWithKeychain(): Promise<AppStateView> {
    const opened = await this.#door.open(null)
    if (opened.ok) {
      this.#ready(opened.value)
      return this.#state
    }
    const { code } = opened.error
    if (code === 'KEYCHAIN_LOCKED') return this.#enter({ phase: 'keychain-locked' })
    return this.#fail(code)
  }

  /**
   * While the keychain is locked or absent, looks (without a prompt) whether it has come: it may be unlocked
   * elsewhere, and at login Sotto may start before it.
   */
  #lookAgainLater(): void {
    this.#cancelLook()
    if (!waitsForKeychain(this.#state)) return
    this.#cancelLook = this.#options.clock.schedule(KEYCHAIN_LOOK_MS, () => {
      void this.#inOrder(async () => {
        if (!waitsForKeychain(this.#state)) return
        const keychain = await this.#door.probeKeychain()
        if (this.#state.phase !== 'first-run') {
          if (keychain === 'available') await this.#openWithKeychain()
        } else if (keychain !== this.#state.keychain) {
          this.#enter({ ...this.#state, keychain })
        }
        this.#lookAgainLater()
      })
    })
  }

  async #firstRun(): Promise<AppStateView> {
    const keychain = await this.#door.probeKeychain()
    return this.#enter({ phase: 'first-run', keychain, inviteLink: this.#options.inviteLink() })
  }

  #ready(client: Client): AccountView {
    this.#client = client
    const account = this.#door.account(client)
    this.#enter({ phase: 'ready', account })
    return account
  }

  #fail(code: ErrorCode): AppStateView {
    return this.#enter({ phase: 'failed', code })
  }

  #enter(state: AppStateView): AppStateView {
    const before = this.#state
    this.#state = state
    this.#options.onChange(state, before)
    this.#lookAgainLater()
    return state
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return result
  }
}

function waitsForKeychain(state: AppStateView): boolean {
  if (state.phase === 'first-run') return state.keychain !== 'available'
  if (state.phase === 'failed') return state.code === 'KEYCHAIN_NOT_RUNNING'
  return state.phase === 'keychain-locked'
}

const UNLOCK_ERRORS: ReadonlySet<ErrorCode> = new Set<UnlockError>([
  'PASSPHRASE_WRONG',
  'VAULT_DAMAGED',
  'STORE_KEY_WRONG',
  'STORE_DAMAGED',
  'STORE_TOO_NEW',
])

function unlockFailure(error: Failure): Failure<UnlockError> {
  return isUnlockError(error) ? error : failure('INTERNAL', { cause: error })
}

function isUnlockError(error: Failure): error is Failure<UnlockError> {
  return UNLOCK_ERRORS.has(error.code)
}
