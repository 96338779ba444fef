import { parseArgs } from 'node:util'
import { isDeepLink } from './deep-links.ts'

/** What the app was asked to do at its start. */
export interface LaunchArguments {
  /** Profiles are independent: own account, own keychain entry, own window. */
  readonly profile: string
  /** A `sotto://` link. */
  readonly link: string | null
  /** Started at login: into the tray, without a window. */
  readonly background: boolean
  /** Opens the window, checks what a package can break, prints a JSON line and quits. */
  readonly smokeTest: boolean
}

export const DEFAULT_PROFILE = 'default'
const PROFILE_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/

/**
 * Reads the arguments after the executable (and, in development, the app's folder). Arguments of Electron and
 * Chromium are left alone.
 * @returns `null` where the profile's name is not 1 to 32 letters, digits, dashes and underscores.
 */
export function parseLaunchArguments(argv: readonly string[]): LaunchArguments | null {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      profile: { type: 'string', default: DEFAULT_PROFILE },
      background: { type: 'boolean', default: false },
      'smoke-test': { type: 'boolean', default: false },
    },
    strict: false,
    allowPositionals: true,
  })
  const { profile } = values
  if (typeof profile !== 'string' || !PROFILE_PATTERN.test(profile)) return null
  return {
    profile,
    link: argv.find(isDeepLink) ?? null,
    background: values.background === true,
    smokeTest: values['smoke-test'] === true,
  }
}
