// `npm run demo`: a relay and two people who talk through it, each in a window. See `--help`.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ElectronApplication } from 'playwright-core'
import { buildIfOutdated } from './build.ts'
import { DemoFolder } from './demo/folder.ts'
import { provideKeys } from './demo/keys.ts'
import { PEOPLE } from './demo/people.ts'
import { seedConversation } from './demo/seed.ts'
import { openWindows, placeSideBySide, takePictures, type DemoWindow } from './demo/windows.ts'
import { obtainElectron } from './electron-path.ts'
import { startRelayProcess, type RelayProcess } from './relay-process.ts'
import { reportFailure } from './report-failure.ts'

const HELP = `Usage: npm run demo -- [options]

  --fresh     forget earlier demos: new accounts, new keys
  --headless  open no windows, take pictures of them instead
  --once      end when the pictures are taken (with --headless)
  --help      this text`

const folder = new DemoFolder(join(import.meta.dirname, '../.demo'))
const closing: (() => Promise<void>)[] = []

function readOptions(): { fresh: boolean; headless: boolean; once: boolean } {
  const flag = { type: 'boolean', default: false } as const
  const options = { fresh: flag, headless: flag, once: flag, help: flag }
  const { values } = parseArgs({ options })
  if (values.help) {
    console.log(HELP)
    process.exit(0)
  }
  return values
}

function hasDisplay(): boolean {
  if (process.platform === 'darwin' || process.platform === 'win32') return true
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
}

/** Closes what was opened, the newest first. What does not close must not keep the rest open. */
async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close().catch(() => undefined)
}

async function startRelay(port: number | undefined): Promise<RelayProcess> {
  try {
    return await startRelayProcess(folder.relay, port)
  } catch (error) {
    if (port === undefined) throw error
    throw new Error(
      `The demo's relay cannot start at port ${port} again. Does another demo run? If not: npm run demo -- --fresh`,
      { cause: error },
    )
  }
}

async function run(): Promise<void> {
  const options = readOptions()
  if (options.fresh) await folder.remove()
  await buildIfOutdated(() => console.log('Building Sotto…'))
  const isVisible = hasDisplay() && !options.headless
  const electron = await obtainElectron(() => console.log('Looking for Electron…'))

  const earlier = folder.readState()
  // What an interrupted first run has left cannot be gone on with.
  if (earlier === null) await folder.remove()
  const keys = await provideKeys(folder, earlier)
  closing.push(() => keys.stop())
  const relay = await startRelay(earlier?.port)
  closing.push(() => relay.stop())
  if (earlier === null) {
    console.log(`Making accounts for ${PEOPLE.join(' and ')}…`)
    await seedConversation(folder, relay.url, keys.keys === 'vault' ? keys.password : null)
    folder.writeState({ port: relay.port, keys: keys.keys, password: keys.password })
  }

  const windows = await openWindows(folder, electron, keys, isVisible)
  for (const { electron: app } of windows) closing.push(() => closeApp(app))
  endOnSignals()
  console.log(`
The relay is at ${relay.url}. ${PEOPLE.join(' and ')} are connected, each with a profile of their own.
${keys.explanation}`)
  if (!electron.isReal) {
    console.log(
      "Electron's binary is not here: the windows are Chromium's (tools/electron-standin).",
    )
  }
  if (isVisible) {
    await placeSideBySide(windows)
  } else {
    const paths = await takePictures(windows, folder.screenshots)
    console.log(`There is no window to see here. Pictures of them:\n  ${paths.join('\n  ')}`)
    if (options.once) return
  }
  console.log('Ctrl+C ends everything.')
  await untilClosed(windows)
}

/** Quits an app as its user would, and waits until its profile is closed. */
async function closeApp(app: ElectronApplication): Promise<void> {
  const child = app.process()
  const gone = new Promise<void>((settle) => {
    if (child.exitCode !== null || child.signalCode !== null) settle()
    else child.once('exit', () => settle())
  })
  await app.close()
  await gone
}

/** Resolves when the user has closed every window. */
async function untilClosed(windows: readonly DemoWindow[]): Promise<void> {
  await Promise.all(
    windows.map(
      ({ electron }) => new Promise<void>((settle) => electron.once('close', () => settle())),
    ),
  )
}

function endOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Playwright's own handler would kill the apps; they shall close their profiles.
    process.removeAllListeners(signal)
    process.once(signal, () => void end())
  }
}

let ending: Promise<void> | undefined

/** Closing the last window and Ctrl+C may both ask for it. */
function end(): Promise<void> {
  ending ??= closeAll().then(() => {
    console.log(`\nEverything has ended. The data is in ${folder.path}; --fresh starts over.`)
    process.exit(0)
  })
  return ending
}

endOnSignals()
try {
  await run()
  await end()
} catch (error) {
  // What is being closed fails what waits for it.
  await (ending ?? closeAll())
  reportFailure(error)
}
