import type { Client } from '#core/client.ts'
import type { Log } from '#core/ports.ts'
import type { NewAccount } from '#core/profile.ts'
import { failure } from '#shared/errors.ts'
import { err, type Result } from '#shared/result.ts'
import type { RelayTrustView } from '#shared/views.ts'
import { commandLog } from './command-log.ts'
import type { ExitCode } from './exit-codes.ts'
import {
  createProfileFolder,
  openProfileFolder,
  type OpenedProfile,
  type ProfileAccess,
} from './open-profile.ts'
import type { Output, Refusal } from './output.ts'
import { readPassphrase } from './passphrase.ts'
import { profileFolder } from './profile-location.ts'
import type { Surroundings } from './surroundings.ts'

/** The options that every command on a profile takes. */
export interface ProfileOptions {
  readonly profile?: string
  readonly passphraseFile?: string
  readonly json?: true
  readonly verbose?: true
}

/** How a command ended. */
export type Outcome = Result<ExitCode, Refusal>

/** One run of a command: its options, where it prints, and the profile it works on. */
export class CommandRun {
  readonly output: Output
  readonly surroundings: Surroundings
  readonly log: Log
  readonly #options: ProfileOptions

  constructor(surroundings: Surroundings, output: Output, options: ProfileOptions) {
    this.surroundings = surroundings
    this.output = output
    this.log = commandLog(surroundings.stderr, options.verbose === true)
    this.#options = options
  }

  get folder(): string {
    return profileFolder(this.#options.profile, this.surroundings.env)
  }

  /** Opens the profile, works with it, and closes it however the work ends. */
  withClient(work: (client: Client) => Promise<Outcome>): Promise<Outcome> {
    return this.#withProfile(openProfileFolder, work)
  }

  /** Creates the account first. */
  withNewClient(account: NewAccount, work: (client: Client) => Promise<Outcome>): Promise<Outcome> {
    return this.#withProfile(async (access) => {
      const created = await createProfileFolder(access, account)
      return created.ok ? created : err(withNewAccountHint(created.error))
    }, work)
  }

  /**
   * Waits for something to happen.
   * @returns False where it takes longer than that, or the command is interrupted.
   */
  async within(waitMs: number, event: Promise<unknown>): Promise<boolean> {
    const { interrupted } = this.surroundings
    let cleanUp = (): void => undefined
    const ended = new Promise<false>((resolve) => {
      const end = (): void => resolve(false)
      const timer = setTimeout(end, waitMs)
      interrupted.addEventListener('abort', end)
      if (interrupted.aborted) end()
      cleanUp = () => {
        clearTimeout(timer)
        interrupted.removeEventListener('abort', end)
      }
    })
    try {
      return await Promise.race([event.then(() => true), ended])
    } finally {
      cleanUp()
    }
  }

  /** Waits until a started client has done all that can be done now. */
  settle(client: Client, waitMs: number): Promise<boolean> {
    return this.within(waitMs, client.whenSettled())
  }

  /** Says, now and as long as the command runs, which relays are not trusted. */
  #warnOfRelays(client: Client): () => void {
    const warned = new Set<string>()
    const warn = (relays: readonly RelayTrustView[]): void => {
      for (const { host } of relays) {
        if (warned.has(host)) continue
        warned.add(host)
        this.output.note(
          `The relay ${host} has contradicted itself about keys: nothing is sent to contacts there. See: sotto relays`,
        )
      }
    }
    warn(client.distrustedRelays())
    return client.events.on('relays.changed', warn)
  }

  async #withProfile(
    open: (access: ProfileAccess) => Promise<Result<OpenedProfile, Refusal>>,
    work: (client: Client) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { env, makeKeychain } = this.surroundings
    const passphrase = await readPassphrase(this.#options.passphraseFile, env)
    if (!passphrase.ok) return passphrase
    const opened = await open({
      folder: this.folder,
      passphrase: passphrase.value,
      log: this.log,
      makeKeychain,
    })
    if (!opened.ok) return err(withHint(opened.error))
    const { client } = opened.value
    const stopWarning = this.#warnOfRelays(client)
    try {
      return await work(client)
    } finally {
      stopWarning()
      await opened.value.close()
    }
  }
}

/** What the failures of opening mean at a command line. */
function withHint(refusal: Refusal): Refusal {
  switch (refusal.code) {
    case 'PROFILE_MISSING':
      return {
        ...refusal,
        hint: 'There is no account in this profile. Make one: sotto init --help',
      }
    default:
      return refusal
  }
}

/** What the failures of making an account mean at a command line, which does not go on trying. */
function withNewAccountHint(refusal: Refusal): Refusal {
  switch (refusal.code) {
    case 'ADDRESS_INVALID':
      return { ...refusal, hint: NO_RELAY_HOST }
    case 'KEYCHAIN_UNAVAILABLE':
      return {
        ...refusal,
        hint: 'This computer offers no keychain. Protect the keys by a passphrase: give --passphrase-file or set SOTTO_PASSPHRASE.',
      }
    case 'RELAY_UNREACHABLE':
      return {
        ...refusal,
        hint: 'The relay cannot be reached, and no account was made. Check its name and the network, then try again.',
      }
    default:
      return refusal
  }
}

/** What a relay's host that is none means at a command line. */
export const NO_RELAY_HOST = 'A relay looks like relay.example.org or relay.example.org:8443.'

/** The failure of a connection that did not come about. */
export function notConnected(client: Client): Refusal {
  return failure(client.connection().code ?? 'RELAY_UNREACHABLE')
}
