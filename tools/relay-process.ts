import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const RELAY = join(import.meta.dirname, '../src/relay/main.ts')
const START_TIMEOUT_MS = 20_000

/** A relay in a process of its own. */
export interface RelayProcess {
  readonly url: string
  readonly port: number
  /** Ends it as a user would. */
  stop(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
}

/**
 * Starts a relay and waits until it is ready.
 * @param port - 0 takes a free one
 * @throws Error with what it printed, where it does not become ready.
 */
export async function startRelayProcess(
  dataFolder: string,
  port = 0,
  args: readonly string[] = [],
): Promise<RelayProcess> {
  const child = spawn(
    process.execPath,
    [RELAY, '--json', `--port=${port}`, `--data=${dataFolder}`, '--pow-bits=0', ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const url = await readReady(child)
  const end = (signal: NodeJS.Signals): Promise<void> =>
    new Promise((settle) => {
      if (child.exitCode !== null || child.signalCode !== null) return settle()
      child.once('exit', () => settle())
      child.kill(signal)
    })
  return {
    url,
    port: Number(new URL(url).port),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}

function readReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let errors = ''
    const fail = (reason: string): void => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`the relay ${reason}\n${errors}`))
    }
    const timer = setTimeout(() => fail('is not ready in time'), START_TIMEOUT_MS)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(`ended with ${String(code)}`))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text))
    if (child.stdout === null) return
    createInterface(child.stdout).on('line', (line) => {
      const { event, url } = JSON.parse(line) as { event: string; url?: string }
      if (event !== 'ready' || url === undefined) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}
