import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'
import { DEFAULT_PROFILE } from './launch-arguments.ts'

/** Starts Sotto with this profile at login, into the tray, or no longer does. Only for the installed app. */
export async function setLaunchAtLogin(enabled: boolean, profile: string): Promise<void> {
  if (!app.isPackaged || !canLaunchAtLogin(process.platform, profile)) return
  const args = ['--background', `--profile=${profile}`]
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: enabled, args, name: entryName(profile) })
    return
  }
  const folder = join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'autostart')
  const path = join(folder, `sotto-${profile}.desktop`)
  if (!enabled) {
    await rm(path, { force: true })
    return
  }
  await mkdir(folder, { recursive: true })
  await writeFile(path, autostartEntry(process.env['APPIMAGE'] ?? process.execPath, args))
}

/** macOS starts the app without arguments, and so with the default profile. */
export function canLaunchAtLogin(platform: NodeJS.Platform, profile: string): boolean {
  return platform !== 'darwin' || profile === DEFAULT_PROFILE
}

/** Of the value in Windows' registry: each profile has its own. */
export function entryName(profile: string): string {
  return profile === DEFAULT_PROFILE ? 'Sotto' : `Sotto-${profile}`
}

/** Whether the system started the app at login. On Windows and Linux the arguments of its entry say so. */
export function wasLaunchedAtLogin(): boolean {
  return process.platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin
}

/** A desktop entry that starts the app at login (freedesktop.org Autostart specification). */
export function autostartEntry(executable: string, args: readonly string[]): string {
  const quoted = `"${executable
    .replaceAll('%', '%%')
    .replace(/[\\"`$]/g, '\\$&')
    .replaceAll('\\', '\\\\')}"`
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Sotto',
    `Exec=${quoted} ${args.join(' ')}`,
    'X-GNOME-Autostart-enabled=true',
    'Terminal=false',
    '',
  ].join('\n')
}
