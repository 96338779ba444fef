import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { app, dialog } from 'electron'
import * as v from 'valibot'
import { isRefusedBySystem } from '#keychain/refused-by-system.ts'
import { ERRORS } from '#shared/errors.ts'
import { isDeepLink } from './deep-links.ts'
import type { LaunchArguments } from './launch-arguments.ts'
import { wasLaunchedAtLogin } from './login-item.ts'
import { makeProfileFolder, type ProfileFolder } from './profile-folder.ts'
import { registerAppScheme } from './security/app-scheme.ts'
import { Shell } from './shell.ts'
import { runSmokeTest } from './smoke-test.ts'

const SecondStart = v.object({ link: v.nullable(v.pipe(v.string(), v.check(isDeepLink))) })

/** Starts the app, or hands over to the one that has this profile open already. */
export function startApp({ profile, link, background, smokeTest }: LaunchArguments): void {
  app.enableSandbox()
  registerAppScheme()
  app.setAppUserModelId('org.sotto.Sotto')
  const userData = smokeTest
    ? mkdtempSync(join(tmpdir(), 'sotto-smoke-test-'))
    : app.getPath('userData')
  const folder = profileFolder(userData, profile)
  if (folder === null) {
    dialog.showErrorBox('Sotto', ERRORS.PROFILE_UNUSABLE.message)
    app.exit(1)
    return
  }
  app.setPath('userData', folder.root)
  app.setPath('sessionData', folder.session)
  if (!app.requestSingleInstanceLock({ link })) {
    app.exit(0)
    return
  }

  const shell = new Shell(folder)
  if (link !== null) shell.openLink(link)
  followSystem(shell)
  endInOrder(shell)
  app
    .whenReady()
    .then(() => shell.start({ background: background || wasLaunchedAtLogin() }))
    .then(() => (smokeTest ? runSmokeTest() : undefined))
    .catch((cause: unknown) => {
      // Seen by the guard against crashes: it tells the user and ends the app.
      setImmediate(() => {
        throw cause
      })
    })
}

/** `null` where the system does not let it be made. */
function profileFolder(userData: string, profile: string): ProfileFolder | null {
  try {
    return makeProfileFolder(userData, profile)
  } catch (cause) {
    if (isRefusedBySystem(cause)) return null
    throw cause
  }
}

/** Further starts, links and clicks on the app's icon. */
function followSystem(shell: Shell): void {
  const openLink = (opened: string): void => {
    if (isDeepLink(opened)) shell.openLink(opened)
    if (app.isReady()) shell.show()
  }
  app.on('second-instance', (_event, _argv, _folder, data) => {
    const start = v.safeParse(SecondStart, data)
    openLink(start.success ? (start.output.link ?? '') : '')
  })
  app.on('open-url', (event, url) => {
    event.preventDefault()
    openLink(url)
  })
  app.on('activate', () => {
    if (app.isReady()) shell.show()
  })
}

/** Windows close first, then the profile, then the log; only then the process ends. */
function endInOrder(shell: Shell): void {
  let hasEnded = false
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('before-quit', () => shell.prepareToQuit())
  app.on('will-quit', (event) => {
    if (hasEnded) return
    event.preventDefault()
    void shell.close().finally(() => {
      hasEnded = true
      app.exit()
    })
  })
}
