import { spawn } from 'node:child_process'
import { globSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
/** Written after a build that has succeeded, so that a failed one counts as none. */
const STAMP = join(ROOT, 'out/.built')
const SOURCES = [
  'src/**/*.{ts,tsx,css,json,html}',
  'package-lock.json',
  'electron.vite.config.ts',
  'vite.cli.config.ts',
  'tools/licences-plugin.ts',
]
const BUILDS = [
  ['electron-vite/bin/electron-vite.js', 'build', '--logLevel=warn'],
  ['vite/bin/vite.js', 'build', '--config=vite.cli.config.ts', '--logLevel=warn'],
] as const

/** Whether a source is newer than what was built from it. */
function isOutdated(): boolean {
  const builtMs = modifiedMs(STAMP)
  return SOURCES.some((pattern) =>
    globSync(pattern, { cwd: ROOT }).some((path) => modifiedMs(join(ROOT, path)) > builtMs),
  )
}

/** @throws Error with what the build printed, where it fails. */
export async function build(): Promise<void> {
  rmSync(STAMP, { force: true })
  await Promise.all(BUILDS.map(([script, ...args]) => run(script, args)))
  mkdirSync(join(ROOT, 'out'), { recursive: true })
  writeFileSync(STAMP, '')
}

/** Builds only where that changes anything. */
export async function buildIfOutdated(onBuild: () => void): Promise<void> {
  if (!isOutdated()) return
  onBuild()
  await build()
}

function modifiedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function run(script: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (text: string): void => void (output += text)
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`The build has failed.\n${readable(output)}`))
    })
  })
}

/** Without colours and stacks: what is left says which file to look at. */
function readable(output: string): string {
  return stripVTControlCharacters(output)
    .replaceAll(/^\s+at .*\n?|^ {2}errors: .*\n\}/gm, '')
    .trim()
}
