import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { LaunchArguments } from './launch-arguments.ts'

/** What the process was started with; set once by `boot.ts`, read by the stand-in's modules. */
interface Runtime {
  readonly switches: Map<string, string>
  /** Folder of the app's package.json. */
  readonly appPath: string
  readonly entry: string
  readonly packageName: string
  readonly productName: string
  readonly version: string
}

let current: Runtime | undefined

/** The running app. */
export function runtime(): Runtime {
  if (current === undefined) throw new TypeError('the stand-in was not started by its boot script')
  return current
}

interface PackageJson {
  readonly name?: string
  readonly productName?: string
  readonly version?: string
  readonly main?: string
}

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson
}

function packageFolder(start: string): string {
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) throw new RangeError(`no package.json above ${start}`)
  }
}

/** Finds the app's entry and metadata, as Electron's default app does. */
export function startRuntime(launch: LaunchArguments): Runtime {
  const target = resolve(launch.target ?? '.')
  const isFolder = statSync(target).isDirectory()
  const appPath = isFolder ? target : packageFolder(dirname(target))
  const metadata = readPackage(appPath)
  const name = metadata.name ?? 'electron'
  current = {
    switches: new Map(launch.switches),
    appPath,
    entry: isFolder ? resolve(target, metadata.main ?? 'index.js') : target,
    packageName: name,
    productName: metadata.productName ?? name,
    version: metadata.version ?? '0.0.0',
  }
  return current
}
