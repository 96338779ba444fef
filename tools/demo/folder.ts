import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { KeytarKeychain } from '#keychain/keytar-keychain.ts'
import { readProfileFile } from '#keychain/profile-file.ts'
import { PEOPLE, type PersonName } from './people.ts'

const DEFAULT_PROFILE = 'default'

const State = v.object({
  /** Part of the accounts' addresses: the relay must have it again. */
  port: v.number(),
  keys: v.picklist(['keychain', 'private-keyring', 'vault']),
  /** Of the private keyring, or of the vaults. Only this demo's keys hang on it. */
  password: v.string(),
})
/** What the demo must know again the next time. */
export type DemoState = v.InferOutput<typeof State>

/** The folder in which the demo keeps everything. */
export class DemoFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  get relay(): string {
    return join(this.path, 'relay')
  }
  get keyring(): string {
    return join(this.path, 'keyring')
  }
  get screenshots(): string {
    return join(this.path, 'screenshots')
  }

  /** What Electron takes for a user's data. */
  userData(person: PersonName): string {
    return join(this.path, person.toLowerCase())
  }
  profile(person: PersonName): string {
    return join(this.userData(person), 'profiles', DEFAULT_PROFILE)
  }

  /** `null` where the demo has not been set up to its end. */
  readState(): DemoState | null {
    if (!existsSync(this.#stateFile)) return null
    const parsed = v.safeParse(State, JSON.parse(readFileSync(this.#stateFile, 'utf8')))
    return parsed.success ? parsed.output : null
  }

  writeState(state: DemoState): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 })
    writeFileSync(this.#stateFile, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  }

  /** Removes everything, and what the demo has put into the keychain of this computer. */
  async remove(): Promise<void> {
    if (this.readState()?.keys === 'keychain') {
      for (const person of PEOPLE) {
        const profile = await readProfileFile(this.profile(person))
        if (profile.ok) await new KeytarKeychain(profile.value.profileId).remove()
      }
    }
    rmSync(this.path, { recursive: true, force: true })
  }

  get #stateFile(): string {
    return join(this.path, 'demo.json')
  }
}
