import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What runs the built app. */
export interface ElectronRuntime {
  readonly executablePath: string
  /** `false`: the stand-in, since Electron's own binary is not to be had. */
  readonly isReal: boolean
}

const STANDIN = resolve(import.meta.dirname, 'electron-standin/electron')
const DOWNLOAD_TIMEOUT_MS = 90_000

/**
 * Finds Electron's binary: `ELECTRON_OVERRIDE_DIST_PATH`, or the one that the package `electron` has downloaded
 * before. Otherwise the stand-in.
 */
export function findElectron(): ElectronRuntime {
  const folder = electronFolder()
  const name = readOptional(join(folder, 'path.txt')) ?? 'electron'
  const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist')
  const executablePath = join(dist, name)
  if (process.env['SOTTO_ELECTRON'] !== 'stand-in' && existsSync(executablePath)) {
    return { executablePath, isReal: executablePath !== STANDIN }
  }
  return { executablePath: STANDIN, isReal: false }
}

/**
 * Like `findElectron`, but lets the package download its binary first, for a bounded time. Where that fails, the
 * stand-in does.
 * @param onDownload - called before a download begins
 */
export async function obtainElectron(onDownload: () => void): Promise<ElectronRuntime> {
  const found = findElectron()
  if (found.isReal || !mayDownload()) return found
  onDownload()
  await download(join(electronFolder(), 'install.js'))
  return findElectron()
}

function mayDownload(): boolean {
  const skip = process.env['ELECTRON_SKIP_BINARY_DOWNLOAD'] ?? process.env['CI'] ?? ''
  return skip === '' && process.env['SOTTO_ELECTRON'] !== 'stand-in'
}

function electronFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('electron/package.json'))
}

function readOptional(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function download(script: string): Promise<void> {
  return new Promise((settle) => {
    const child = spawn(process.execPath, [script], { stdio: 'ignore' })
    const timer = setTimeout(() => child.kill('SIGKILL'), DOWNLOAD_TIMEOUT_MS)
    child.once('error', () => settle())
    child.once('close', () => {
      clearTimeout(timer)
      settle()
    })
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(findElectron().executablePath)
}
