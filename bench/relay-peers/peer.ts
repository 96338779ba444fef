import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { connect, createServer, type AddressInfo } from 'node:net'

/** Sends to recipients by number. */
export interface Sender {
  /** Resolves when the server has acknowledged it. */
  send(recipient: number): Promise<void>
  close(): void
}

export interface Receiver {
  close(): void
}

/** A server that keeps messages for recipients who are away. */
export interface Peer {
  readonly name: string
  /** What its acknowledgement promises. */
  readonly promise: string
  /** Messages a second that it is offered while the recipient is there. */
  readonly onlinePerSecond: number
  /** Starts it over what its folder holds. */
  start(): Promise<void>
  /** Ends it at once, as a power cut of the process would. */
  kill(): Promise<void>
  /** Makes the recipients known, where they must be before anybody writes to them. */
  prepare(recipients: number): Promise<void>
  sender(): Promise<Sender>
  /** Connects a recipient; `received` is called for every message. */
  receiver(recipient: number, received: () => void): Promise<Receiver>
}

/** Whether a program is there to be run. */
export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A server process; ready when its port takes connections. */
export class ServerProcess {
  #child: ChildProcess | null = null
  readonly #command: string
  readonly #args: readonly string[]
  readonly #port: number

  constructor(command: string, args: readonly string[], port: number) {
    this.#command = command
    this.#args = args
    this.#port = port
  }

  async start(): Promise<void> {
    const child = spawn(this.#command, [...this.#args], { stdio: 'ignore' })
    this.#child = child
    for (let tries = 0; tries < 500; tries++) {
      if (child.exitCode !== null) throw new Error(`${this.#command} ended with ${child.exitCode}`)
      if (await this.#answers()) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`${this.#command} does not listen`)
  }

  async kill(): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
  }
}

/** What waits for numbered or counted acknowledgements; all are let go where the connection ends. */
export class Unacknowledged {
  readonly #waiting = new Map<number, () => void>()
  #failed: ((cause: Error) => void) | null = null
  readonly failed: Promise<never> = new Promise((_resolve, reject) => (this.#failed = reject))

  constructor() {
    this.failed.catch(() => undefined)
  }

  wait(number: number): Promise<void> {
    return Promise.race([
      new Promise<void>((resolve) => this.#waiting.set(number, resolve)),
      this.failed,
    ])
  }

  acknowledge(number: number): void {
    const resolve = this.#waiting.get(number)
    this.#waiting.delete(number)
    resolve?.()
  }

  end(): void {
    this.#failed?.(new Error('the connection ended'))
  }
}
