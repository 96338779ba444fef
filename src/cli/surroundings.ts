import type { Readable, Writable } from 'node:stream'
import type { MakeKeychain } from '#keychain/profile-keychain.ts'

/** What a run of the command touches outside itself; a test gives its own. */
export interface Surroundings {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted when the command shall end: Ctrl+C, SIGTERM, or nobody reads what it prints. */
  readonly interrupted: AbortSignal
  readonly makeKeychain: MakeKeychain
}
