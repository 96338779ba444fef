import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRequire } from 'node:module'

const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'
const FUSE_VERSION = 1
const FUSE_COUNT = 9
const NOTICE = `#!/bin/sh
echo "This package was made where Electron's binary could not be had: it shows what would be packed, and cannot run." >&2
exit 1
`

/**
 * Makes a folder that a packager takes for Electron's distribution for Linux: an executable with fuses to set and
 * nothing to run. With it the contents of a package can be checked where Electron's binary cannot be had.
 */
export function makePlaceholderElectron(folder: string): void {
  const { version } = createRequire(import.meta.url)('electron/package.json') as { version: string }
  mkdirSync(join(folder, 'resources'), { recursive: true })
  mkdirSync(join(folder, 'locales'), { recursive: true })
  const fuses = [FUSE_VERSION, FUSE_COUNT, ...Buffer.from('0'.repeat(FUSE_COUNT))]
  const executable = Buffer.concat([Buffer.from(NOTICE + SENTINEL), Buffer.from(fuses)])
  writeFileSync(join(folder, 'electron'), executable, { mode: 0o755 })
  writeFileSync(join(folder, 'version'), version)
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'locales/en-US.pak']) {
    writeFileSync(join(folder, name), '')
  }
}
