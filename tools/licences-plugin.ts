import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

interface LockEntry {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}
type Lock = Readonly<Record<string, LockEntry>>

/** One package that ships with the app. */
export interface Licence {
  readonly name: string
  readonly version: string
  readonly licence: string
}

const FOLDER = 'node_modules/'

/**
 * Lists what ships: the dependencies, what the page's source imports (bundled into it, so a development
 * dependency), and all that these need, from the lockfile.
 */
export function shippedLicences(lock: Lock, imported: ReadonlySet<string>): Licence[] {
  const shipped = new Map<string, Licence>()
  const visit = (path: string): void => {
    const entry = lock[path]
    if (entry?.version === undefined || shipped.has(path)) return
    const name = path.slice(path.lastIndexOf(FOLDER) + FOLDER.length)
    shipped.set(path, { name, version: entry.version, licence: entry.license ?? 'unknown' })
    for (const dependency of Object.keys(entry.dependencies ?? {})) {
      const found = resolveFrom(lock, path, dependency)
      if (found !== undefined) visit(found)
    }
  }
  for (const name of Object.keys(lock['']?.dependencies ?? {})) visit(FOLDER + name)
  for (const name of imported) visit(FOLDER + name)
  visit(`${FOLDER}electron`)
  const rows = new Map([...shipped.values()].map((row) => [`${row.name}@${row.version}`, row]))
  return [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Node's look-up: the nearest `node_modules` folder, from the inside out. */
function resolveFrom(lock: Lock, path: string, name: string): string | undefined {
  for (
    let folder = path;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf(`/${FOLDER}`)))
  ) {
    const candidate = folder === '' ? FOLDER + name : `${folder}/${FOLDER}${name}`
    if (lock[candidate] !== undefined) return candidate
    if (folder === '') return undefined
  }
}

/** The packages that the files of a folder import. */
export function importedPackages(folder: string): Set<string> {
  const packages = new Set<string>()
  for (const file of globSync('**/*.{ts,tsx}', { cwd: folder })) {
    const text = readFileSync(join(folder, file), 'utf8')
    for (const [, specifier = ''] of text.matchAll(/(?:from|import)\s*\(?\s*'([^'.#][^']*)'/g)) {
      const [scope = '', name = ''] = specifier.split('/')
      if (!specifier.includes(':')) packages.add(scope.startsWith('@') ? `${scope}/${name}` : scope)
    }
  }
  return packages
}

/** Gives `virtual:licences` to the main process. */
export function licences(root: string): Plugin {
  const id = 'virtual:licences'
  return {
    name: 'sotto-licences',
    resolveId: (source) => (source === id ? `\0${id}` : null),
    load(source) {
      if (source !== `\0${id}`) return null
      const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
        packages: Lock
      }
      const rows = shippedLicences(packages, importedPackages(join(root, 'src/renderer')))
      return `export const licences = ${JSON.stringify(rows)}`
    },
  }
}
