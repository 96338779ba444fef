import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RelayOptions } from '#relay/config.ts'
import { relaySecret, setUpAccounts, streamTarget } from './relay-accounts.ts'
import { startLoad } from './relay-load-process.ts'
import type { MemoryAnswer } from './relay-process.ts'
import { atLeast, atMost, formatTable, type BenchRow } from './report.ts'

const GROUP = 'Relay, idle devices connected to one process'
const DEVICES = 10_000
const WARM_UP = 200
const MOST_BYTES_EACH = 20_000

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (value) => resolve(value as T))
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)))
  })
}

/** Ten thousand devices connected over real sockets, from a second process, and what one of them costs. */
export async function runIdleBench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-bench-idle-'))
  await setUpAccounts(folder, 0, DEVICES)
  const relay = fork(new URL('./relay-process.ts', import.meta.url), {
    execArgv: ['--expose-gc'],
  })
  try {
    const options: RelayOptions = { port: 0, dataDir: folder, limits: { eventLoopDelayMs: 0 } }
    relay.send(options)
    const { url } = await message<{ url: string }>(relay)
    const memory = (): Promise<MemoryAnswer> => {
      relay.send('memory')
      return message<MemoryAnswer>(relay)
    }
    const secret = await relaySecret(folder)
    const connect = (count: number) => {
      const streams = Array.from({ length: count }, (_, index) => streamTarget(secret, url, index))
      return startLoad({ kind: 'idle', streams })
    }
    // What the first connections make the process load is not of the devices.
    await (await connect(WARM_UP)).end()
    const before = await memory()
    const load = await connect(DEVICES)
    const during = await memory()
    await load.end()
    const row = (name: string, unit: string, value: number): BenchRow => ({
      group: GROUP,
      name,
      unit,
      value,
    })
    const each = (key: keyof MemoryAnswer): number => (during[key] - before[key]) / DEVICES
    return [
      atLeast(row('connected at once', '', load.result.count), { target: DEVICES }),
      atMost(
        row('memory of the process for each', 'bytes', each('residentBytes')),
        MOST_BYTES_EACH,
      ),
      row('live objects and buffers of each', 'bytes', each('heapBytes')),
    ]
  } finally {
    relay.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) console.log(formatTable(await runIdleBench()))
