import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from '@playwright/test'
import { findElectron } from '../../../tools/electron-path.ts'

/** The built app's folder. */
export const BUILT_APP = join(import.meta.dirname, '../../..')

/** How to start one instance. */
export interface LaunchOptions {
  /** Folder or script of the app; the built Sotto where absent. */
  readonly app?: string
  /** Folder that takes the place of the user's data: a profile of its own. */
  readonly userData: string
  readonly args?: readonly string[]
  /** Replaces or adds to this process's environment; `undefined` removes. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** One running instance. */
export interface Instance {
  readonly electron: ElectronApplication
  /** Its first window. */
  readonly page: Page
  /** Quits as a user would. */
  close(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

/** Starts an instance on real Electron where it is found, else on the stand-in, and waits for its window. */
export async function launchInstance(options: LaunchOptions): Promise<Instance> {
  const electron = await launchElectron(options)
  // Asked for now: Playwright forgets it when the app has ended.
  const child = electron.process()
  return {
    electron,
    page: await electron.firstWindow(),
    close: () => electron.close(),
    kill: () => killProcess(child),
  }
}

/** Starts the app without waiting for a window. */
export function launchElectron({
  app = BUILT_APP,
  userData,
  args = [],
  env = {},
}: LaunchOptions): Promise<ElectronApplication> {
  return _electron.launch({
    executablePath: findElectron().executablePath,
    args: [app, `--user-data-dir=${userData}`, ...args],
    env: environment(env),
    // Otherwise Playwright decides the colours, and not the app.
    colorScheme: null,
  })
}

function environment(
  changes: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const entries = Object.entries({ ...process.env, LANG: 'en_US.UTF-8', ...changes })
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((settle) => child.once('exit', settle))
  child.kill('SIGKILL')
  await gone
}
