import { fork, type ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import type { Readable } from 'node:stream'
import type { ForkOptions } from 'electron'
import { loudClass } from '../loud.ts'

const CHILD = new URL('../utility-child.ts', import.meta.url)

/** `UtilityProcess`: a Node process of its own; messages are copied by structured cloning, without ports. */
class UtilityProcess extends EventEmitter {
  readonly stdout: Readable | null
  readonly stderr: Readable | null
  readonly #child: ChildProcess

  constructor(modulePath: string, args: readonly string[], options: ForkOptions) {
    super()
    this.#child = fork(CHILD, [modulePath, ...args], {
      cwd: options.cwd,
      env: { ...(options.env ?? process.env) },
      execArgv: ['--disable-warning=ExperimentalWarning', ...(options.execArgv ?? [])],
      serialization: 'advanced',
      stdio: [
        'ignore',
        options.stdio === 'pipe' ? 'pipe' : 'inherit',
        options.stdio === 'pipe' ? 'pipe' : 'inherit',
        'ipc',
      ],
    })
    this.stdout = this.#child.stdout
    this.stderr = this.#child.stderr
    this.#child.on('spawn', () => this.emit('spawn'))
    this.#child.on('message', (message) => this.emit('message', message))
    this.#child.on('exit', (code) => this.emit('exit', code ?? 1))
    this.#child.on('error', (error) => this.emit('error', 'FatalError', '', String(error)))
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }
  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    if (transfer.length > 0) throw new Error('stand-in: ports cannot be transferred')
    this.#child.send(message as object)
  }
  kill(): boolean {
    return this.#child.kill()
  }
}
loudClass('UtilityProcess', UtilityProcess)

export const utilityProcess = {
  fork: (
    modulePath: string,
    args: readonly string[] = [],
    options: ForkOptions = {},
  ): UtilityProcess => new UtilityProcess(modulePath, args, options),
}
