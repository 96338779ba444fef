import { execFileSync } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { createRequire } from 'node:module'

/** A Chromium that can be started. */
export interface ChromiumBinary {
  readonly path: string
  /** Folder of what comes with it: libraries and fonts. Only the package's own, which is always headless. */
  readonly bundle?: string
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The first of some programs on the PATH. */
export function findProgram(names: readonly string[]): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {
        // Not there, or not to be run: look on.
      }
    }
  }
  return undefined
}

/**
 * Finds a Chromium: `STANDIN_CHROMIUM` (a path, or `bundled`), then the system's, then the one inside the
 * package `@sparticuz/chromium`, unpacked once into `node_modules/.cache`.
 */
export function findChromium(): ChromiumBinary {
  const wanted = process.env['STANDIN_CHROMIUM']
  if (wanted === 'bundled') return bundledChromium()
  const path = wanted ?? findProgram(NAMES)
  return path === undefined ? bundledChromium() : { path }
}

// The package unpacks into the temporary folder, and names its libraries only where it sees this variable.
const UNPACK = `
  import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())
`

function bundledChromium(): ChromiumBinary {
  const require = createRequire(import.meta.url)
  const packageFolder = dirname(dirname(dirname(require.resolve('@sparticuz/chromium'))))
  const cache = join(packageFolder, '..', '..', '.cache')
  const folder = join(cache, 'standin-chromium')
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    const unpacked = mkdtempSync(join(cache, 'standin-chromium-'))
    execFileSync(process.execPath, ['-e', UNPACK], {
      cwd: import.meta.dirname,
      env: { ...process.env, TMPDIR: unpacked, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    try {
      renameSync(unpacked, folder)
    } catch (error) {
      rmSync(unpacked, { recursive: true, force: true })
      if (!existsSync(folder)) throw error // else another process was faster
    }
  }
  return { path: join(folder, 'chromium'), bundle: folder }
}
