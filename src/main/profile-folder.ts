import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_PROFILE } from './launch-arguments.ts'

/** Where a profile keeps its files. */
export interface ProfileFolder {
  readonly name: string
  /** Names the profile where there are several. */
  readonly windowTitle: string
  readonly root: string
  /** The page's own storage (Chromium's files); holds nothing of the user. */
  readonly session: string
  readonly shellState: string
  readonly log: string
  /** Of the relay that the app can run itself. */
  readonly localRelayState: string
  readonly localRelayData: string
}

/** Makes the folder of a profile, readable by its user only. */
export function makeProfileFolder(userData: string, name: string): ProfileFolder {
  const root = join(userData, 'profiles', name)
  mkdirSync(root, { recursive: true, mode: 0o700 })
  return {
    name,
    windowTitle: name === DEFAULT_PROFILE ? 'Sotto' : `Sotto – ${name}`,
    root,
    session: join(root, 'session'),
    shellState: join(root, 'shell-state.json'),
    log: join(root, 'logs', 'sotto.log'),
    localRelayState: join(root, 'local-relay.json'),
    localRelayData: join(root, 'local-relay'),
  }
}
