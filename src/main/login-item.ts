import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { app } from 'electron'

/** Starts Sotto with this profile at login, into the tray, or no longer does. Only for the installed app. */
export async function setLaunchAtLogin(enabled: boolean, profile: string): Promise<void> {
  if (!app.isPackaged) return
  const args = ['--background', `--profile=${profile}`]
  if (process.platform !== 'linux') {
    app.setLoginItemSettings({ openAtLogin: enabled, args })
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
