import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

/**
 * The folder of the profile: as given, else `SOTTO_PROFILE`, else one of the command's own beside the profiles of the
 * desktop app, where the platform keeps such things.
 */
export function profileFolder(
  given: string | undefined,
  env: Env,
  platform: NodeJS.Platform = process.platform,
): string {
  const folder = given ?? env['SOTTO_PROFILE']
  return folder ? resolve(folder) : join(dataFolder(env, platform), 'Sotto', 'profiles', 'cli')
}

function dataFolder(env: Env, platform: NodeJS.Platform): string {
  const home = env['HOME'] || homedir()
  if (platform === 'darwin') return join(home, 'Library', 'Application Support')
  if (platform === 'win32') return env['APPDATA'] || join(home, 'AppData', 'Roaming')
  return env['XDG_CONFIG_HOME'] || join(home, '.config')
}
