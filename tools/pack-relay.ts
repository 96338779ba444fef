// `npm run pack:relay`: the relay alone, as dist/sotto-relay-<version>.tgz: one bundle, its dependencies pinned by a
// lock of its own, nothing of Electron or the app.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { build, type Plugin } from 'vite'
import { lockFor, type Lock } from './pack-relay/lock.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'out/sotto-relay')
const DIST = join(ROOT, 'dist')
const BUNDLE = 'sotto-relay.js'

interface Manifest {
  readonly version: string
  readonly license: string
  readonly author: string
  readonly dependencies: Readonly<Record<string, string>>
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as T
}

/** The bundle wants no more of this project's manifest than its version. */
function versionOnly(version: string): Plugin {
  const path = join(ROOT, 'package.json')
  return {
    name: 'version-only',
    enforce: 'pre',
    load: (id) => (id === path ? JSON.stringify({ version }) : null),
  }
}

/** @returns the packages that the bundle imports. */
async function bundle(version: string): Promise<readonly string[]> {
  const built = await build({
    configFile: false,
    root: ROOT,
    publicDir: false,
    logLevel: 'warn',
    plugins: [versionOnly(version)],
    build: {
      ssr: true,
      target: 'node20',
      outDir: FOLDER,
      emptyOutDir: true,
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: { 'sotto-relay': join(ROOT, 'src/relay/main.ts') },
        output: { format: 'es', entryFileNames: BUNDLE, codeSplitting: false },
      },
    },
  })
  const outputs = [built].flat().flatMap((one) => ('output' in one ? one.output : []))
  const imports = outputs.flatMap((chunk) =>
    chunk.type === 'chunk' ? [...chunk.imports, ...chunk.dynamicImports] : [],
  )
  const packages = imports
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name))
    .filter((name) => !name.endsWith(BUNDLE))
    .map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
  return [...new Set(packages)].toSorted()
}

const manifest = readJson<Manifest>('package.json')
const names = await bundle(manifest.version)
const dependencies = Object.fromEntries(
  names.map((name) => {
    const version = manifest.dependencies[name]
    if (version === undefined) throw new Error(`${name} is no dependency in package.json`)
    return [name, version]
  }),
)
const own = {
  name: 'sotto-relay',
  version: manifest.version,
  description: 'The relay of Sotto: it keeps sealed envelopes until their receivers fetch them.',
  license: manifest.license,
  author: manifest.author,
  type: 'module',
  bin: { 'sotto-relay': BUNDLE },
  // It runs on the operator's Node, not on the one that the project brings along: as new as its native module wants it.
  engines: readJson<{ readonly engines: Readonly<Record<string, string>> }>(
    'node_modules/better-sqlite3/package.json',
  ).engines,
  dependencies,
}
const write = (name: string, content: unknown): void =>
  writeFileSync(join(FOLDER, name), `${JSON.stringify(content, null, 2)}\n`)
write('package.json', own)
write('npm-shrinkwrap.json', lockFor(own, readJson<Lock>('package-lock.json')))
cpSync(join(ROOT, 'LICENSE'), join(FOLDER, 'LICENSE'))
cpSync(join(ROOT, 'docs/SELF-HOSTING.md'), join(FOLDER, 'README.md'))
cpSync(join(ROOT, 'deploy'), join(FOLDER, 'deploy'), { recursive: true })
mkdirSync(DIST, { recursive: true })
const file = `sotto-relay-${manifest.version}.tgz`
rmSync(join(DIST, file), { force: true })
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
execFileSync(npm, ['pack', '--silent', '--ignore-scripts', '--pack-destination', DIST], {
  cwd: FOLDER,
  stdio: ['ignore', 'ignore', 'inherit'],
})
console.log(`dist/${file}`)
