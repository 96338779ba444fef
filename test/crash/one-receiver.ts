import { tokenHash } from '#crypto/delivery-token.ts'
import { randomBytes } from '#crypto/primitives.ts'
import type { IncomingEnvelope, RequestSigner } from '#core/ports.ts'
import { encodeHex } from '#shared/bytes.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { CERTIFICATE, testClient, testSigner, unwrap } from '../unit/relay/harness.ts'

const DRAINED_WITHIN_MS = 60_000

/** One account with a token that anybody may use, and what has become of everything deposited for it. */
export class OneReceiver {
  readonly signer: RequestSigner
  readonly token = randomBytes(32)
  /** Ids of envelopes that the relay has confirmed, and of those that it has not. */
  readonly confirmed: string[] = []
  readonly refused: string[] = []
  readonly received: string[] = []
  /** Envelopes accounted for by `forget`. */
  total = 0
  readonly #host: () => string
  readonly #sender: RelayClient = testClient()

  /** @param host - of the relay, which may change with a restart. */
  constructor(name: string, host: () => string) {
    this.signer = testSigner(name)
    this.#host = host
  }

  async register(): Promise<void> {
    const client = testClient()
    unwrap(await client.register(this.#host(), this.signer, { certificate: CERTIFICATE }, null))
    const token = { hash: tokenHash(this.token), label: randomBytes(16) }
    const add = [{ ...token, uses: null, expiresAtMs: null }]
    unwrap(await client.putTokens(this.#host(), this.signer, { add, revoke: [] }))
    await client.close()
  }

  /** @returns `null`, or why the relay has not taken it. */
  async deposit(bodyBytes = 1_000): Promise<string | null> {
    const envelopeId = randomBytes(16)
    const envelope = randomBytes(bodyBytes)
    const deposited = await this.#sender.deposit(this.#host(), {
      envelopeId,
      deviceId: this.signer.deviceId,
      token: this.token,
      envelope,
    })
    ;(deposited.ok ? this.confirmed : this.refused).push(encodeHex(envelopeId))
    return deposited.ok ? null : deposited.error.code
  }

  /** Connects as a device that has just started, takes all that waits, and disconnects. */
  async drain(): Promise<void> {
    const client = testClient()
    let drained: () => void = () => undefined
    const isDrained = new Promise<void>((resolve, reject) => {
      drained = resolve
      setTimeout(() => reject(new Error('it was not drained in time')), DRAINED_WITHIN_MS).unref()
    })
    const subscription = client.subscribe(this.#host(), this.signer, 0, {
      received: async (batch: readonly IncomingEnvelope[]) => {
        for (const { envelopeId } of batch) this.received.push(encodeHex(envelopeId))
      },
      drained,
      stateChanged: () => undefined,
    })
    await isDrained
    await subscription.close()
    await client.close()
  }

  /** What the relay has confirmed and not delivered. */
  lost(): string[] {
    const arrived = new Set(this.received)
    return this.confirmed.filter((id) => !arrived.has(id))
  }

  /** What was confirmed so far is accounted for. */
  forget(): void {
    this.total += this.confirmed.length
    for (const list of [this.confirmed, this.refused, this.received]) list.length = 0
  }

  async close(): Promise<void> {
    await this.#sender.close()
  }
}
