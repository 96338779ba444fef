/** What is used of an npm lock file of version 3. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

interface LockedPackage {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly [member: string]: unknown
}

interface OwnManifest {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly bin: Readonly<Record<string, string>>
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
}

const FOLDER = 'node_modules/'

/** Where Node finds a package from a place in the tree: beside it, or further up. */
function resolve(lock: Lock, from: string, name: string): string | null {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf(FOLDER) - 1))) {
    const path = base === '' ? `${FOLDER}${name}` : `${base}/${FOLDER}${name}`
    if (lock.packages[path] !== undefined) return path
    if (base === '') return null
  }
}

/**
 * The lock of a package that takes a part of this project's dependencies: the same versions at the same places, as
 * far as they are reached.
 * @throws Error where the project's lock lacks a package that is needed.
 */
export function lockFor(manifest: OwnManifest, lock: Lock): unknown {
  const kept = new Map<string, LockedPackage>()
  const reach = (from: string, name: string, isOptional: boolean): void => {
    const path = resolve(lock, from, name)
    const found = path === null ? undefined : lock.packages[path]
    if (path === null || found === undefined) {
      if (isOptional) return
      throw new Error(`the lock has no ${name}, which ${from || manifest.name} needs`)
    }
    if (kept.has(path)) return
    const {
      dev: _dev,
      devOptional: _devOptional,
      funding: _funding,
      resolved: _resolved,
      ...entry
    } = found
    kept.set(path, entry)
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = found
    for (const inner of Object.keys(dependencies)) reach(path, inner, inner in optionalDependencies)
    for (const inner of Object.keys(optionalDependencies)) reach(path, inner, true)
    for (const inner of Object.keys(peerDependencies)) {
      if (found.peerDependenciesMeta?.[inner]?.optional !== true) reach(path, inner, false)
    }
  }
  for (const name of Object.keys(manifest.dependencies)) reach('', name, false)
  const { name, version, license, bin, engines, dependencies } = manifest
  return {
    name,
    version,
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name, version, license, bin, engines, dependencies },
      ...Object.fromEntries([...kept].toSorted(([first], [second]) => (first < second ? -1 : 1))),
    },
  }
}
