import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { writeUnlimited } from '#test/crash/unlimited.ts'

const MAIN = new URL('../../src/relay/main.ts', import.meta.url).pathname
const READY_WITHIN_MS = 30_000

/** Runs the relay's command to its end. */
export async function relayCommand(database: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], {
    env: { ...process.env, SOTTO_RELAY_DATABASE: database },
  })
  return stdout
}

/** One process of the relay, started by its real command. */
class RelayMember {
  readonly #database: string
  readonly #blobs: string
  /** Of its lock and its socket for the operator. */
  readonly #folder = mkdtempSync(join(tmpdir(), 'sotto-member-'))
  #child: ChildProcess | null = null
  #port = 0

  /** @param blobs - folder of attachments, that all share. */
  constructor(database: string, blobs: string) {
    this.#database = database
    this.#blobs = blobs
  }

  /** `null` where it does not run. */
  get port(): number | null {
    return this.#child === null ? null : this.#port
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  async start(): Promise<void> {
    const config = writeUnlimited(join(this.#folder, 'unlimited.json'))
    const flags = ['--port', '0', '--config', config, '--pow-bits', '0', '--json']
    flags.push('--data', this.#folder, '--blobs', this.#blobs)
    const child = spawn(process.execPath, [MAIN, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, SOTTO_RELAY_DATABASE: this.#database },
    })
    const lines = createInterface({ input: child.stdout })
    const signal = AbortSignal.timeout(READY_WITHIN_MS)
    const [line] = (await once(lines, 'line', { signal })) as [string]
    this.#port = Number(new URL((JSON.parse(line) as { url: string }).url).port)
    this.#child = child
  }

  /** @returns its exit code; `null` where a signal ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (child === null) return null
    this.#child = null
    const exited = once(child, 'exit') as Promise<[number | null]>
    child.kill(signal)
    return (await exited)[0]
  }

  /** Ends it for good. */
  async remove(): Promise<number | null> {
    const code = await this.end('SIGTERM')
    rmSync(this.#folder, { recursive: true, force: true })
    return code
  }
}

/** Processes of one relay behind a load balancer, which is all that clients know. */
export class RelayCluster {
  readonly members: readonly RelayMember[]
  readonly #balancer: Server
  readonly #sockets = new Set<Socket>()
  readonly #blobs = mkdtempSync(join(tmpdir(), 'sotto-blobs-'))
  #turn = 0

  constructor(database: string, count: number) {
    this.members = Array.from({ length: count }, () => new RelayMember(database, this.#blobs))
    this.#balancer = createServer((socket) => this.#forward(socket))
  }

  get host(): string {
    return `127.0.0.1:${(this.#balancer.address() as AddressInfo).port}`
  }

  async start(): Promise<void> {
    this.#balancer.listen(0, '127.0.0.1')
    await once(this.#balancer, 'listening')
    await Promise.all(this.members.map((member) => member.start()))
  }

  async stop(): Promise<readonly (number | null)[]> {
    const codes = await Promise.all(this.members.map((member) => member.remove()))
    for (const socket of this.#sockets) socket.destroy()
    this.#balancer.close()
    rmSync(this.#blobs, { recursive: true, force: true })
    return codes
  }

  /** Bytes both ways to one of those that run, in turn. */
  #forward(client: Socket): void {
    const ports = this.members.flatMap(({ port }) => (port === null ? [] : [port]))
    const port = ports[this.#turn++ % ports.length]
    this.#sockets.add(client)
    if (port === undefined) {
      client.destroy()
      return
    }
    const relay = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [client, relay],
      [relay, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      from.pipe(to)
    }
    client.on('close', () => this.#sockets.delete(client))
  }
}
