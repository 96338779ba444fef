// `npm run pack -- [arguments of electron-builder]`: builds the app and packs it. With Electron's binary the
// installers of this system; without it a folder whose contents can be checked but not run.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { path7za } from '7zip-bin'
import { build } from './build.ts'
import { obtainElectron } from './electron-path.ts'
import { makePlaceholderElectron } from './placeholder-electron.ts'
import { reportFailure } from './report-failure.ts'

const ROOT = join(import.meta.dirname, '..')

function run(script: string, args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    // Otherwise the packager fetches one.
    env: { ...process.env, ELECTRON_BUILDER_7ZIP_PATH: path7za },
  })
  if (status !== 0) process.exit(status ?? 1)
}

const args = process.argv.slice(2)
await build().catch(reportFailure)
const electron = await obtainElectron(() => console.log('Fetching Electron…'))
const builder = join(ROOT, 'node_modules/electron-builder/cli.js')
if (electron.isReal) {
  const dist = dirname(electron.executablePath)
  // Elsewhere the executable lies deeper, and the packager fetches its own copy.
  const local = process.platform === 'linux' ? [`-c.electronDist=${dist}`] : []
  run(builder, [...args, ...local])
} else {
  const dist = mkdtempSync(join(tmpdir(), 'sotto-placeholder-'))
  makePlaceholderElectron(dist)
  run(builder, ['--linux', 'dir', ...args, `-c.electronDist=${dist}`])
  rmSync(dist, { recursive: true, force: true })
  console.log(
    "\nPacked into dist/linux-unpacked with a placeholder: Electron's binary is not here and could not be fetched.",
  )
}
