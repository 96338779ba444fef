import { randomBytes } from '#crypto/primitives.ts'
import { tokenHash } from '#crypto/delivery-token.ts'
import type { IncomingEnvelope, RequestSigner, Subscription } from '#core/ports.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeHex } from '#shared/bytes.ts'
import { eventually } from '#test/helpers/eventually.ts'
import { CERTIFICATE, testClient, testPrekeys, testSigner } from '../unit/relay/harness.ts'
import type { HistoryEvent } from './checker.ts'

const RETRY_AFTER_MS = 50
const PREKEYS_EACH = 100
const SETTLE_WITHIN_MS = 60_000

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Receiver {
  readonly signer: RequestSigner
  readonly token: Uint8Array
  readonly shown: Set<string>
}

/** Until it succeeds: what a client does with whatever it must not lose. */
async function persist<T>(
  run: () => Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false }>,
): Promise<T> {
  for (;;) {
    const result = await run()
    if (result.ok) return result.value
    await pause(RETRY_AFTER_MS)
  }
}

/** Real clients that write to each other without a pause, and the history of what they saw. */
export class Load {
  readonly history: HistoryEvent[] = []
  readonly #host: string
  readonly #client: RelayClient = testClient()
  readonly #receivers: Receiver[] = []
  readonly #subscriptions: Subscription[] = []
  readonly #stop = new AbortController()
  readonly #running: Promise<void>[] = []
  #prekeyVersion = 0

  constructor(host: string) {
    this.#host = host
  }

  record(
    event: HistoryEvent extends infer Event
      ? Event extends { atMs: number }
        ? Omit<Event, 'atMs'>
        : never
      : never,
  ): void {
    this.history.push({ ...event, atMs: performance.now() })
  }

  async start(parts: {
    readonly receivers: number
    readonly senders: number
    readonly prekeyTakers: number
  }): Promise<void> {
    for (let index = 0; index < parts.receivers; index++)
      await this.#addReceiver(`receiver${index}`)
    await this.#publish()
    for (let index = 0; index < parts.senders; index++) {
      this.#running.push(this.#send(`sender${index}`, index))
    }
    for (let index = 0; index < parts.prekeyTakers; index++) this.#running.push(this.#takePrekeys())
  }

  /** Something new must be acknowledged and delivered from here on. */
  async served(withinMs: number): Promise<void> {
    const fromMs = performance.now()
    await eventually(
      'service',
      () => {
        const fresh = new Set<string>()
        for (const event of this.history) {
          if (event.atMs < fromMs) continue
          if (event.kind === 'acknowledged') fresh.add(event.id)
          if (event.kind === 'shown' && fresh.has(event.id)) return true
        }
        return false
      },
      withinMs,
    )
  }

  /** Ends the senders, waits until all they were promised has arrived, and disconnects. */
  async finish(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
    const promised = this.history.filter(({ kind }) => kind === 'acknowledged').length
    await eventually(
      'all that was acknowledged arrives',
      () => {
        const shown = new Set(this.#receivers.flatMap((receiver) => [...receiver.shown]))
        return shown.size >= promised
      },
      SETTLE_WITHIN_MS,
    ).catch(() => undefined) // What is missing is the checker's to say.
    for (const subscription of this.#subscriptions) await subscription.close()
    this.record({ kind: 'ended' })
    await this.#client.close()
  }

  async #addReceiver(name: string): Promise<void> {
    const signer = testSigner(name)
    const token = randomBytes(32)
    const shown = new Set<string>()
    const client = this.#client
    await persist(() => client.register(this.#host, signer, { certificate: CERTIFICATE }, null))
    const add = [{ hash: tokenHash(token), label: randomBytes(16), uses: null, expiresAtMs: null }]
    await persist(() => client.putTokens(this.#host, signer, { add, revoke: [] }))
    this.#receivers.push({ signer, token, shown })
    this.#subscriptions.push(
      client.subscribe(this.#host, signer, 0, {
        received: async (batch: readonly IncomingEnvelope[]) => {
          for (const { envelopeId } of batch) {
            const id = encodeHex(envelopeId)
            this.record({ kind: 'delivered', id, receiver: name })
            if (shown.has(id)) continue
            shown.add(id)
            this.record({ kind: 'shown', id, receiver: name })
          }
        },
        drained: () => undefined,
        stateChanged: () => undefined,
      }),
    )
  }

  async #send(sender: string, first: number): Promise<void> {
    for (let turn = first; !this.#stop.signal.aborted; turn++) {
      const receiver = this.#receivers[turn % this.#receivers.length]
      if (receiver === undefined) throw new Error('there is no receiver')
      const envelopeId = randomBytes(16)
      const id = encodeHex(envelopeId)
      const envelope = randomBytes(700)
      const { token, signer } = receiver
      this.record({ kind: 'offered', id, sender, receiver: signer.name })
      await persist(() =>
        this.#client.deposit(this.#host, { envelopeId, deviceId: 1, token, envelope }),
      )
      this.record({ kind: 'acknowledged', id })
    }
  }

  async #publish(): Promise<void> {
    this.#prekeyVersion += 1
    const version = this.#prekeyVersion
    const prekeys = testPrekeys(version, version * PREKEYS_EACH, PREKEYS_EACH)
    for (const { signer } of this.#receivers) {
      await persist(() => this.#client.publishPrekeys(this.#host, signer, prekeys))
    }
  }

  async #takePrekeys(): Promise<void> {
    for (let turn = 0; !this.#stop.signal.aborted; turn++) {
      const name = this.#receivers[turn % this.#receivers.length]?.signer.name ?? ''
      const key = randomBytes(16)
      const { bundles } = await persist(() => this.#client.fetchBundles(this.#host, name, key))
      const prekey = bundles[0]?.oneTimePrekey?.id
      if (prekey !== undefined) {
        this.record({ kind: 'prekey-taken', owner: name, prekey, request: encodeHex(key) })
      }
      await pause(RETRY_AFTER_MS)
    }
  }
}
