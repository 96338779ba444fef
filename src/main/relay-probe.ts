import type { Relay } from '#core/ports.ts'
import { parseRelayHost, type RelayHost } from '#protocol/address.ts'
import { failure, type Failure } from '#shared/errors.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { RelayCheckView, SettingsView } from '#shared/views.ts'

interface ProbeOptions {
  readonly makeRelay: () => Relay
  readonly nowMs: () => number
}

/** Looks at relays outside of any profile: during the first run, and to try out a proxy. */
export class RelayProbe {
  readonly #options: ProbeOptions

  constructor(options: ProbeOptions) {
    this.#options = options
  }

  /** What a relay says about itself. */
  async check(relay: string): Promise<Result<RelayCheckView, Failure>> {
    const host = parseRelayHost(relay)
    if (host === null) return err(failure('ADDRESS_INVALID'))
    return this.#through({ kind: 'system' }, async (client) => {
      const info = await client.info(host)
      if (!info.ok) return info
      const { version, registration, secure } = info.value
      return ok({ version, registration, secure })
    })
  }

  /** Whether a name can still be had. */
  async checkName(relay: string, name: string): Promise<Result<{ free: boolean }, Failure>> {
    const host = parseRelayHost(relay)
    if (host === null) return err(failure('ADDRESS_INVALID'))
    return this.#through({ kind: 'system' }, async (client) => {
      const free = await client.nameFree(host, name.trim().toLowerCase())
      return free.ok ? ok({ free: free.value }) : free
    })
  }

  /** Asks a relay for its description through a proxy and gives the time it took. */
  async measure(
    host: RelayHost,
    proxy: SettingsView['proxy'],
  ): Promise<Result<{ latencyMs: number }, Failure>> {
    return this.#through(proxy, async (client) => {
      const startMs = this.#options.nowMs()
      const info = await client.info(host)
      return info.ok ? ok({ latencyMs: this.#options.nowMs() - startMs }) : info
    })
  }

  async #through<T>(
    proxy: SettingsView['proxy'],
    ask: (client: Relay) => Promise<Result<T, Failure>>,
  ): Promise<Result<T, Failure>> {
    const client = this.#options.makeRelay()
    try {
      client.setProxy(proxy)
      return await ask(client)
    } finally {
      await client.close()
    }
  }
}
