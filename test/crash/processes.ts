import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { RpcPeer } from '#test/helpers/rpc-peer.ts'

const READY_WITHIN_MS = 60_000

/**
 * Launches a program with a small heap, where its memory is looked at: left to itself, V8 takes memory as long as there
 * is some, and the later it can collect the more.
 */
export const SMALL_HEAP: readonly string[] = [
  'env',
  'NODE_OPTIONS=--max-old-space-size=64 --max-semi-space-size=4',
]

/** A program of ours in a process of its own, that can be killed and started again. */
abstract class RealProcess {
  readonly name: string
  protected child: ChildProcess | null = null

  constructor(name: string) {
    this.name = name
  }

  abstract start(): Promise<void>

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.name} does not run`)
    return this.child.pid
  }

  /** Waits until it ends by itself. @returns its exit code; `null` where a signal ended it. */
  async ended(): Promise<number | null> {
    const { child } = this
    if (child === null) return null
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode
  }

  /** @returns its exit code; `null` where a signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this
    if (child === null) return null
    this.child = null
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    const exited = once(child, 'exit') as Promise<[number | null]>
    child.kill(signal)
    return (await exited)[0]
  }

  kill(): Promise<number | null> {
    return this.end('SIGKILL')
  }
}

/** A relay, always on the same port and folder. */
export class RelayProcess extends RealProcess {
  readonly folder: string
  readonly #configFile: string
  readonly #launcher: readonly string[]
  readonly #flags: readonly string[]
  #port = 0
  #metricsUrl: string | null = null
  /** What it wrote to its log, at the level of warnings and above. */
  log = ''

  /**
   * @param launcher - a program and its arguments that runs the relay, as `env` does.
   * @param flags - of the relay, beside the usual ones.
   */
  constructor(
    folder: string,
    configFile: string,
    launcher: readonly string[] = [],
    flags: readonly string[] = [],
  ) {
    super('relay')
    this.folder = folder
    this.#configFile = configFile
    this.#launcher = launcher
    this.#flags = flags
  }

  /** @returns what it says of itself in its metrics; it must have been started with a port for them. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(this.#metricsUrl ?? '')).text()
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const data = ['--data', this.folder, '--port', String(this.#port)]
    const flags = [
      '--config',
      this.#configFile,
      '--pow-bits',
      '0',
      '--log-level',
      'silent',
      '--json',
    ]
    const [program = '', ...args] = [
      ...this.#launcher,
      process.execPath,
      'src/relay/main.ts',
      ...data,
      ...flags,
      ...this.#flags,
    ]
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    child.stderr.on('data', (chunk: Buffer) => {
      this.log += chunk.toString()
      process.stderr.write(chunk)
    })
    const lines = createInterface({ input: child.stdout })
    const signal = AbortSignal.timeout(READY_WITHIN_MS)
    const [line] = (await once(lines, 'line', { signal })) as [string]
    const ready = JSON.parse(line) as { url: string; metricsUrl: string | null }
    this.#port = Number(new URL(ready.url).port)
    this.#metricsUrl = ready.metricsUrl
  }
}

/** A headless client of one profile, spoken to by JSON-RPC. */
export class ClientProcess extends RealProcess {
  readonly #folder: string
  #peer: RpcPeer | null = null

  constructor(name: string, folder: string) {
    super(name)
    this.#folder = folder
  }

  get peer(): RpcPeer {
    if (this.#peer === null) throw new Error(`${this.name} does not run`)
    return this.#peer
  }

  /** Runs one command on the profile, to its end. @returns what it printed. */
  async command(...args: readonly string[]): Promise<string> {
    const child = this.#spawn(args)
    child.stdin.end()
    const exited = once(child, 'exit') as Promise<[number | null]>
    const printed = await text(child.stdout)
    const [exitCode] = await exited
    if (exitCode !== 0) throw new Error(`${this.name}: ${args.join(' ')} ended with ${exitCode}`)
    return printed.trim()
  }

  /** Resolves once it answers. */
  async start(): Promise<void> {
    const child = this.#spawn(['rpc'])
    this.child = child
    this.#peer = new RpcPeer(child.stdin, child.stdout)
    await this.#peer.call('account.get')
  }

  #spawn(args: readonly string[]) {
    return spawn(process.execPath, ['src/cli/main.ts', ...args, '--profile', this.#folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, SOTTO_PASSPHRASE: 'correct horse battery staple' },
    })
  }
}
