import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import type { ElectronRuntime } from '../electron-path.ts'
import type { DemoFolder } from './folder.ts'
import type { DemoKeys } from './keys.ts'
import { PEOPLE, type PersonName } from './people.ts'

const ROOT = join(import.meta.dirname, '../..')
const PICTURE_SIZE = { width: 1200, height: 800 }
const THEMES = ['light', 'dark'] as const

/** One person's running app. */
export interface DemoWindow {
  readonly person: PersonName
  readonly electron: ElectronApplication
  readonly page: Page
}

/** Starts the app of each person and waits until their conversation is there. */
export function openWindows(
  folder: DemoFolder,
  electron: ElectronRuntime,
  keys: DemoKeys,
  isVisible: boolean,
): Promise<DemoWindow[]> {
  return Promise.all(PEOPLE.map((person) => open(person, folder, electron, keys, isVisible)))
}

async function open(
  person: PersonName,
  folder: DemoFolder,
  { executablePath }: ElectronRuntime,
  keys: DemoKeys,
  isVisible: boolean,
): Promise<DemoWindow> {
  const electron = await _electron.launch({
    executablePath,
    args: [ROOT, `--user-data-dir=${folder.userData(person)}`],
    env: {
      ...(process.env as Record<string, string>),
      ...keys.env,
      STANDIN_DISPLAY: isVisible ? 'visible' : 'headless',
    },
    colorScheme: null,
  })
  const page = await electron.firstWindow()
  if (keys.keys === 'vault') {
    await page.getByLabel('Passphrase', { exact: true }).fill(keys.password)
    await page.keyboard.press('Enter')
  }
  const other = PEOPLE.find((name) => name !== person) ?? person
  await page
    .getByRole('button', { name: other })
    .first()
    .click()
    .catch((cause: unknown) => {
      throw new Error(`${person}'s window does not show the conversation with ${other}.`, { cause })
    })
  return { person, electron, page }
}

/** Puts the windows beside each other. */
export async function placeSideBySide(windows: readonly DemoWindow[]): Promise<void> {
  for (const [index, { electron, page }] of windows.entries()) {
    const [availableWidth, height] = await page.evaluate(() => [
      screen.availWidth,
      screen.availHeight,
    ])
    const width = Math.floor((availableWidth ?? 0) / windows.length)
    await electron.evaluate(
      ({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]?.setBounds(bounds),
      { x: index * width, y: 0, width, height: height ?? 0 },
    )
  }
}

/**
 * Takes pictures of each window in both themes.
 * @returns their paths
 */
export async function takePictures(
  windows: readonly DemoWindow[],
  folder: string,
): Promise<string[]> {
  mkdirSync(folder, { recursive: true })
  const paths: string[] = []
  for (const { person, electron, page } of windows) {
    await electron.evaluate(
      ({ BrowserWindow }, { width, height }) =>
        BrowserWindow.getAllWindows()[0]?.setContentSize(width, height),
      PICTURE_SIZE,
    )
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme })
      const path = join(folder, `${person.toLowerCase()}-${colorScheme}.png`)
      await page.screenshot({ path, animations: 'disabled' })
      paths.push(path)
    }
    await page.emulateMedia({ colorScheme: null })
  }
  return paths
}

/** Resolves when the user has closed every window. */
export async function untilClosed(windows: readonly DemoWindow[]): Promise<void> {
  await Promise.all(
    windows.map(
      ({ electron }) => new Promise<void>((settle) => electron.once('close', () => settle())),
    ),
  )
}
