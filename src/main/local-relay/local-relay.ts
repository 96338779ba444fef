import { createInterface } from 'node:readline'
import * as v from 'valibot'
import type { Log } from '#core/ports.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { LocalRelayNetwork, LocalRelayView } from '#shared/views.ts'
import { localNetworkAddress } from './local-address.ts'
import type { LocalRelayFile } from './local-relay-file.ts'

const START_TIMEOUT_MS = 15_000
const STOP_TIMEOUT_MS = 6_000
const LOOPBACK = '127.0.0.1'
const EVERY_ADDRESS = '0.0.0.0'

/** The line a relay prints once it answers. */
const ReadyLine = v.object({ event: v.literal('ready'), url: v.pipe(v.string(), v.url()) })

/** The relay in a process of its own (Electron's `UtilityProcess`). */
export interface RelayChild {
  readonly stdout: NodeJS.ReadableStream
  readonly ended: Promise<void>
  /** Asks it to end; it closes its database first. */
  kill(): void
}

interface LocalRelayOptions {
  /** Folder of its database. */
  readonly dataFolder: string
  readonly file: LocalRelayFile
  /** Starts the relay's program with these arguments. */
  readonly fork: (args: readonly string[]) => RelayChild
  readonly log: Log
  readonly onChange: (view: LocalRelayView) => void
}

const OFF: LocalRelayView = { state: 'off', network: 'this-computer', host: null }

/**
 * A relay that runs as long as this app does, for people without a server. Its port stays the same, since it is part
 * of its accounts' addresses.
 */
export class LocalRelay {
  readonly #options: LocalRelayOptions
  #view: LocalRelayView = OFF
  #child: RelayChild | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: LocalRelayOptions) {
    this.#options = options
    const { network } = options.file.read()
    this.#view = { ...OFF, network }
  }

  view(): LocalRelayView {
    return this.#view
  }

  /** Starts it where it ran when the app ended. */
  async resume(): Promise<void> {
    const { runs, network } = this.#options.file.read()
    if (runs) await this.start(network)
  }

  /** Starts it, or has it listen elsewhere. */
  start(
    network: LocalRelayNetwork,
  ): Promise<Result<LocalRelayView, Failure<'RELAY_START_FAILED'>>> {
    return this.#inOrder(async () => {
      if (this.#view.state === 'running' && this.#view.network === network) return ok(this.#view)
      await this.#end()
      return this.#begin(network)
    })
  }

  /** Stops it. Its database stays. */
  stop(): Promise<LocalRelayView> {
    return this.#inOrder(async () => {
      await this.#end()
      const { file, log } = this.#options
      if (!file.write({ ...file.read(), runs: false })) log.warn('local-relay.stop-not-kept')
      return this.#show({ ...OFF, network: this.#view.network })
    })
  }

  /** Stops it because the app ends: it is resumed at the next start. */
  close(): Promise<void> {
    return this.#inOrder(() => this.#end())
  }

  async #begin(
    network: LocalRelayNetwork,
  ): Promise<Result<LocalRelayView, Failure<'RELAY_START_FAILED'>>> {
    const { dataFolder, file, fork, log } = this.#options
    const { port } = file.read()
    this.#show({ state: 'starting', network, host: null })
    const listen = network === 'local-network' ? EVERY_ADDRESS : LOOPBACK
    const child = fork(['--host', listen, '--port', String(port), '--data', dataFolder, '--json'])
    this.#child = child
    const url = await readyUrl(child)
    // A port that is not kept would make its accounts' addresses wrong at the next start.
    if (url === null || !file.write({ runs: true, network, port: Number(url.port) })) {
      await this.#end()
      log.warn('local-relay.start-failed')
      this.#show({ state: 'failed', network, host: null })
      return err(failure('RELAY_START_FAILED'))
    }
    void child.ended.then(() => {
      if (this.#child !== child) return
      this.#child = null
      log.warn('local-relay.ended-by-itself')
      this.#show({ state: 'failed', network, host: null })
    })
    const address = network === 'local-network' ? localNetworkAddress() : LOOPBACK
    return ok(this.#show({ state: 'running', network, host: `${address}:${url.port}` }))
  }

  async #end(): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#child = null
    child.kill()
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, STOP_TIMEOUT_MS).unref())
    await Promise.race([child.ended, timeout])
  }

  #show(view: LocalRelayView): LocalRelayView {
    this.#view = view
    this.#options.onChange(view)
    return view
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }
}

/** Where the relay answers; `null` where it ends, or says nothing in time. */
function readyUrl(child: RelayChild): Promise<URL | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, START_TIMEOUT_MS, null)
    const settle = (url: URL | null): void => {
      clearTimeout(timer)
      resolve(url)
    }
    void child.ended.then(() => settle(null))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ReadyLine), line)
      if (parsed.success) settle(new URL(parsed.output.url))
    })
  })
}
