import { join } from 'node:path'
import type { ElectronApplication } from 'playwright-core'
import { obtainElectron, type ElectronRuntime } from '../electron-path.ts'
import { startRelayProcess, type RelayProcess } from '../relay-process.ts'
import { DemoFolder } from './folder.ts'
import { provideKeys, type DemoKeys } from './keys.ts'
import { PEOPLE } from './people.ts'
import { seedConversation } from './seed.ts'
import { openWindows, type DemoWindow } from './windows.ts'

/** Whether windows can be seen here. */
export function hasDisplay(): boolean {
  if (process.platform === 'darwin' || process.platform === 'win32') return true
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
}

/** A relay and two people who know each other, and the windows in which they talk. */
export class Stage {
  static readonly folder: DemoFolder = new DemoFolder(join(import.meta.dirname, '../../.demo'))

  readonly relay: RelayProcess
  readonly keys: DemoKeys
  readonly electron: ElectronRuntime
  #windows: DemoWindow[] = []

  private constructor(relay: RelayProcess, keys: DemoKeys, electron: ElectronRuntime) {
    this.relay = relay
    this.keys = keys
    this.electron = electron
  }

  /** Starts what earlier runs have made, or makes it. */
  static async setUp(): Promise<Stage> {
    const { folder } = Stage
    const electron = await obtainElectron(() => console.log('Looking for Electron…'))
    const earlier = folder.readState()
    // What an interrupted first run has left cannot be gone on with.
    if (earlier === null) await folder.remove()
    const keys = await provideKeys(folder, earlier)
    let relay: RelayProcess | undefined
    try {
      relay = await startRelay(folder, earlier?.port)
      if (earlier === null) {
        console.log(`Making accounts for ${PEOPLE.join(' and ')}…`)
        await seedConversation(folder, relay.url, keys.keys === 'vault' ? keys.password : null)
        folder.writeState({ port: relay.port, keys: keys.keys, password: keys.password })
      }
      return new Stage(relay, keys, electron)
    } catch (error) {
      await relay?.stop()
      await keys.stop()
      throw error
    }
  }

  /** Opens a window for each person, and the conversation in it. */
  async open(isVisible: boolean): Promise<readonly DemoWindow[]> {
    this.#windows = await openWindows(Stage.folder, this.electron, this.keys, isVisible)
    return this.#windows
  }

  /** Quits the apps as their users would, and waits until their profiles are closed. */
  async closeWindows(): Promise<void> {
    await Promise.all(this.#windows.splice(0).map(({ electron }) => quit(electron)))
  }

  async close(): Promise<void> {
    await this.closeWindows()
    await this.relay.stop()
    await this.keys.stop()
  }
}

async function startRelay(folder: DemoFolder, port: number | undefined): Promise<RelayProcess> {
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

async function quit(app: ElectronApplication): Promise<void> {
  const child = app.process()
  const gone = new Promise<void>((settle) => {
    if (child.exitCode !== null || child.signalCode !== null) settle()
    else child.once('exit', () => settle())
  })
  await app.close().catch(() => undefined)
  await gone
}
