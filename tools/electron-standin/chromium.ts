import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { CdpConnection } from './cdp.ts'
import { findChromium, type ChromiumBinary } from './chromium-path.ts'
import { runtime } from './runtime.ts'

const PROFILE_PREFIX = 'electron-standin-'
const KEPT_ERROR_CHARACTERS = 4_000

/** A running Chromium. */
export interface Chromium {
  readonly cdp: CdpConnection
  /** Address of its debugging socket, for Playwright. */
  readonly endpoint: string
  /** For example `156.0.8078.79`. */
  readonly version: string
  /** Windows are on the display. */
  readonly visible: boolean
  /** Opens a window without browser controls in the running Chromium; only where `visible`. */
  openAppWindow(url: string): void
  stop(): void
}

/** Starts Chromium with an empty profile that is deleted when it stops. */
export async function startChromium(): Promise<Chromium> {
  const binary = findChromium()
  // The bundled one knows no windows, and opens a page of its own at start.
  const isHeadlessShell = binary.bundle !== undefined
  const visible = !isHeadlessShell && wantsDisplay()
  removeLeftProfiles()
  const profile = mkdtempSync(join(tmpdir(), `${PROFILE_PREFIX}${process.pid}-`))
  const args = chromiumArguments(profile, visible)
  const child = spawn(binary.path, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: chromiumEnvironment(binary),
  })
  const stop = (): void => {
    child.kill('SIGKILL')
    rmSync(profile, { recursive: true, force: true, maxRetries: 3 })
  }
  process.once('exit', stop)
  const endpoint = await readEndpoint(child)
  const cdp = new CdpConnection(child.stdio[3] as Writable, child.stdio[4] as Readable)
  const { product } = await cdp.root.send('Browser.getVersion')
  if (isHeadlessShell) await closeStartPage(cdp)
  return {
    cdp,
    endpoint,
    visible,
    version: product.replace(/^.*\//, ''),
    openAppWindow: (url) => {
      // A second start with the same profile hands its request to the first and ends.
      const sandbox = args.filter((arg) => arg === '--no-sandbox' || arg === '--test-type')
      spawn(binary.path, [`--user-data-dir=${profile}`, ...sandbox, `--app=${url}`], {
        stdio: 'ignore',
      }).on('error', (error) => console.error('stand-in: no window:', error.message))
    },
    stop,
  }
}

function wantsDisplay(): boolean {
  const wanted = process.env['STANDIN_DISPLAY']
  const hasDisplay = Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'])
  if (wanted === 'visible' && !hasDisplay) throw new Error('stand-in: there is no display')
  const isDriven = runtime().switches.has('remote-debugging-port')
  return wanted === undefined ? hasDisplay && !isDriven : wanted === 'visible'
}

function chromiumArguments(profile: string, visible: boolean): string[] {
  const { switches } = runtime()
  const isRoot = process.getuid?.() === 0
  return [
    `--user-data-dir=${profile}`,
    '--remote-debugging-port=0',
    '--remote-debugging-pipe',
    '--no-first-run',
    '--no-default-browser-check',
    '--no-startup-window',
    '--disable-sync',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-features=Translate,MediaRouter,OptimizationHints,HttpsUpgrades',
    '--password-store=basic',
    ...(visible ? [] : ['--headless=new', '--hide-scrollbars', '--disable-gpu']),
    ...(visible ? [] : ['--force-color-profile=srgb']),
    // The second silences the bar that warns of the first.
    ...(switches.has('no-sandbox') || isRoot ? ['--no-sandbox', '--test-type'] : []),
    ...[...switches]
      .filter(([name]) => /^(force|lang|blink|high-contrast)/.test(name))
      .map(([name, value]) => (value === '' ? `--${name}` : `--${name}=${value}`)),
  ]
}

function chromiumEnvironment({ bundle }: ChromiumBinary): NodeJS.ProcessEnv {
  if (bundle === undefined) return process.env
  const libraries = [process.env['LD_LIBRARY_PATH'], join(bundle, 'al2023/lib')]
  return {
    ...process.env,
    LD_LIBRARY_PATH: libraries.filter(Boolean).join(':'),
    // A machine without fonts has no configuration of them either.
    ...(existsSync('/etc/fonts/fonts.conf') ? {} : { FONTCONFIG_PATH: join(bundle, 'fonts') }),
  }
}

function readEndpoint(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.once('error', (error) => reject(new Error('stand-in: Chromium', { cause: error })))
    child.once('exit', (code, signal) => {
      reject(new Error(`stand-in: Chromium ended (${code ?? signal ?? ''})\n${text}`))
    })
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-KEPT_ERROR_CHARACTERS)
      const match = /^DevTools listening on (ws:\/\/\S+)/m.exec(text)
      if (match?.[1] !== undefined) resolve(match[1])
    })
  })
}

async function closeStartPage(cdp: CdpConnection): Promise<void> {
  const { targetInfos } = await cdp.root.send('Target.getTargets')
  for (const { type, targetId } of targetInfos) {
    if (type === 'page') await cdp.root.send('Target.closeTarget', { targetId })
  }
}

/** Removes what stand-ins left that were killed. */
function removeLeftProfiles(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PROFILE_PREFIX)) continue
    const pid = Number.parseInt(name.slice(PROFILE_PREFIX.length), 10)
    if (!isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

/** Whether a process of this number runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
