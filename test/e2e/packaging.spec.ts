// What a package holds, and that what it holds is enough to run.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { extractAll, listPackage, statFile } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { expect, test } from '@playwright/test'
import { findElectron } from '../../tools/electron-path.ts'
import { makePlaceholderElectron } from '../../tools/placeholder-electron.ts'
import { startKeyring } from './harness/keyring.ts'
import { BUILT_APP } from './harness/launch.ts'

const run = promisify(execFile)
/** How a fuse is written in the executable. */
const FUSE_STATE = { on: '1'.charCodeAt(0), off: '0'.charCodeAt(0) }
const NATIVE_FILES = [
  `node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`,
  `node_modules/keytar/prebuilds/linux-${process.arch}/keytar.node`,
]

let folder: string
let resources: string
let files: string[]

test.beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sotto-package-'))
  const electron = join(folder, 'electron')
  makePlaceholderElectron(electron)
  await run(
    process.execPath,
    [
      join(BUILT_APP, 'node_modules/electron-builder/cli.js'),
      '--linux',
      'dir',
      `-c.electronDist=${electron}`,
      `-c.directories.output=${folder}`,
    ],
    { cwd: BUILT_APP },
  )
  const unpacked = process.arch === 'x64' ? 'linux-unpacked' : `linux-${process.arch}-unpacked`
  resources = join(folder, unpacked, 'resources')
  const archive = join(resources, 'app.asar')
  files = listPackage(archive, { isPack: false })
    .map((path) => path.slice(1))
    .filter((path) => !('files' in statFile(archive, path)))
})

test.afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the archive has the bundles and two packages, and nothing else', () => {
  const places = new Set(files.map((path) => path.split('/').slice(0, 2).join('/')))
  expect([...places].sort()).toEqual([
    'node_modules/better-sqlite3',
    'node_modules/keytar',
    'out/main',
    'out/preload',
    'out/renderer',
    'package.json',
  ])
  expect(files).toEqual(
    expect.arrayContaining([
      'out/main/index.js',
      'out/main/licences.md',
      'out/preload/index.cjs',
      'out/renderer/index.html',
    ]),
  )
  expect(files.filter((path) => /\.(tsx?|map|c|cc|h|gyp)$|standin|\/tools\//.test(path))).toEqual(
    [],
  )
})

test('only the native files of this system are there, outside the archive', () => {
  const archive = join(resources, 'app.asar')
  expect(files.filter((path) => path.endsWith('.node')).sort()).toEqual(NATIVE_FILES)
  const outside = files.filter((path) => {
    const entry = statFile(archive, path)
    return 'unpacked' in entry && entry.unpacked
  })
  expect(outside.sort()).toEqual(NATIVE_FILES)
})

test('the fuses are set', async () => {
  const wire = await getCurrentFuseWire(join(resources, '../sotto'))
  const enabled = [
    FuseV1Options.EnableCookieEncryption,
    FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
    FuseV1Options.OnlyLoadAppFromAsar,
  ]
  for (const fuse of Object.values(FuseV1Options)) {
    if (typeof fuse !== 'number') continue
    const expected = enabled.includes(fuse) ? FUSE_STATE.on : FUSE_STATE.off
    expect({ fuse: FuseV1Options[fuse], state: wire[fuse] }).toEqual({
      fuse: FuseV1Options[fuse],
      state: expected,
    })
  }
})

test('what is packed runs by itself', async () => {
  const app = join(folder, 'extracted')
  extractAll(join(resources, 'app.asar'), app)
  const keyring = await startKeyring()
  try {
    const { stdout } = await run(
      findElectron().executablePath,
      [app, '--no-sandbox', `--user-data-dir=${join(folder, 'data')}`, '--smoke-test'],
      { env: { ...process.env, ...keyring.env }, timeout: 30_000 },
    )
    expect(JSON.parse(stdout)).toMatchObject({
      passed: true,
      checks: { cryptography: 'ok', store: 'ok', keychain: 'ok', page: 'ok' },
    })
  } finally {
    await keyring.stop()
  }
})
