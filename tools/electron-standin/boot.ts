// Entry of the `electron` script: dresses the process as Electron's main process and runs the app.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseLaunchArguments } from './launch-arguments.ts'
import { hookElectron } from './module-hooks.ts'
import { startRuntime } from './runtime.ts'

const require = createRequire(import.meta.url)
const args = process.argv.slice(2)
const launch = parseLaunchArguments(args)
const runtime = startRuntime(launch)
const { version } = require('electron/package.json') as { version: string }

process.argv = [process.execPath, ...args]
const versions = { ...process.versions, electron: version, chrome: '0.0.0.0' }
Object.defineProperty(process, 'versions', { value: versions })
Object.assign(process, {
  type: 'browser',
  defaultApp: true,
  resourcesPath: import.meta.dirname,
})

if (launch.switches.has('inspect')) {
  const { open } = await import('node:inspector')
  open(Number(launch.switches.get('inspect')) || 0, '127.0.0.1') // prints "Debugger listening on ws://…"
}

hookElectron()
const { startApp } = await import('./api/start-app.ts')
const appRequire = createRequire(resolve(runtime.appPath, 'package.json'))
for (const script of launch.preloads) appRequire(resolve(script))
try {
  await import(pathToFileURL(runtime.entry).href) // loads CommonJS and ES modules
  await startApp((chrome) => {
    versions.chrome = chrome
  })
} catch (error) {
  console.error(error)
  process.exit(1)
}
