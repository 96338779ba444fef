import { release } from 'node:os'
import { app } from 'electron'
import type { AboutView } from '#shared/views.ts'
import { canLaunchAtLogin } from './login-item.ts'
import type { ProfileFolder } from './profile-folder.ts'

/** Versions, licences, where the data is, and what this system can do with the profile. */
export function aboutView(folder: ProfileFolder, licences: AboutView['licences']): AboutView {
  return {
    version: app.getVersion(),
    electron: process.versions['electron'] ?? '',
    chromium: process.versions['chrome'] ?? '',
    node: process.versions.node,
    platform: `${process.platform} ${process.arch} ${release()}`,
    profile: folder.name,
    dataFolder: folder.root,
    launchesAtLogin: canLaunchAtLogin(process.platform, folder.name),
    licences,
  }
}

/**
 * Text for a report that the user may copy: versions, codes and counts; no names, no addresses, no contents, no
 * paths.
 */
export function diagnosticsText(
  about: AboutView,
  facts: Readonly<Record<string, string | number | boolean>>,
  recentProblems: readonly string[],
): string {
  const lines = [
    `Sotto ${about.version}`,
    `Electron ${about.electron}, Chromium ${about.chromium}, Node ${about.node}`,
    `Platform: ${about.platform}`,
    ...Object.entries(facts).map(([name, value]) => `${name}: ${value}`),
    'Recent warnings and errors:',
    ...(recentProblems.length === 0 ? ['none'] : recentProblems),
  ]
  return lines.join('\n')
}
