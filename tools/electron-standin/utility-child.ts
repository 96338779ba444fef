// Entry of a utility process: gives the app's script its `process.parentPort`.
import { EventEmitter } from 'node:events'
import { pathToFileURL } from 'node:url'

const [, , modulePath = '', ...args] = process.argv
process.argv = [process.execPath, modulePath, ...args]

const parentPort = Object.assign(new EventEmitter(), {
  postMessage: (message: unknown): void => void process.send?.(message),
})
process.on('message', (data) => parentPort.emit('message', { data, ports: [] }))
process.on('disconnect', () => process.exit(0))
Object.assign(process, { type: 'utility', parentPort })

await import(pathToFileURL(modulePath).href)
