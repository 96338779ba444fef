import { createDeviceList, listDevice } from '#crypto/device-list.ts'
import { verifyChainProof } from '#crypto/key-log.ts'
import { verifyCheckpoint, type Checkpoint } from '#crypto/log-checkpoints.ts'
import { verifyConsistency } from '#crypto/merkle-log.ts'
import { randomBytes, SigningKeyPair, type SigningPublicKey } from '#crypto/primitives.ts'
import type { SignedHead } from '#core/relay-log-ports.ts'
import type { RelayClient } from '#relay-client/client.ts'
import { encodeHex } from '#shared/bytes.ts'
import { testClient } from '../unit/relay/harness.ts'

const EVERY_MS = 50

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { readonly code: string } }

/** Until there is an answer; `null` where it is that there is no such thing. */
async function ask<T>(run: () => Promise<Answer<T>>): Promise<T | null> {
  for (;;) {
    const answer = await run()
    if (answer.ok) return answer.value
    if (answer.error.code === 'NOT_FOUND' || answer.error.code === 'ACCOUNT_UNKNOWN') return null
    await pause(EVERY_MS)
  }
}

/** Registers accounts, and holds the log to all that it has shown, as clients do, whichever relay answers. */
export class LogWatch {
  /** What would stop clients' trust. */
  readonly complaints: string[] = []
  readonly #host: string
  readonly #client: RelayClient = testClient()
  readonly #stop = new AbortController()
  readonly #running: Promise<void>[] = []
  readonly #names: string[] = []
  #newest: Checkpoint | null = null
  #key: string | null = null
  #looks = 0

  constructor(host: string) {
    this.#host = host
  }

  /** How many accounts were acknowledged, and how often the log was looked at. */
  get counts(): { readonly accounts: number; readonly looks: number } {
    return { accounts: this.#names.length, looks: this.#looks }
  }

  start(): void {
    this.#running.push(this.#register(), this.#look())
  }

  async finish(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
    for (const name of this.#names) await this.#prove(name)
    await this.#client.close()
  }

  async #register(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const name = `listed-${this.#names.length}`
      const keys = SigningKeyPair.generate(randomBytes)
      const certificate = randomBytes(100)
      const deviceList = createDeviceList(keys, {
        address: `${name}@relay.example`,
        version: 1,
        createdAtMs: 1,
        devices: [listDevice(1, certificate)],
      })
      const sign = (base: Uint8Array): Uint8Array => keys.signRaw(base)
      const signer = { name, deviceId: 1, signingKey: keys.publicKey, sign }
      await ask(() => this.#client.register(this.#host, signer, { certificate, deviceList }, null))
      this.#names.push(name)
      await this.#prove(name)
      await pause(EVERY_MS)
    }
  }

  /** An account that was acknowledged is in the log. */
  async #prove(name: string): Promise<void> {
    const proof = await ask(() => this.#client.fetchChain(this.#host, name, {}))
    const checkpoint = proof && this.#verified(proof)
    const proven = checkpoint && verifyChainProof(name, checkpoint, proof.chain)
    if (proven?.count !== 1) this.complaints.push(`${name} is not in the log`)
  }

  /** The log only grows, and goes on from what it was. */
  async #look(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const head = await ask(() => this.#client.fetchLogHead(this.#host))
      const seen = head && this.#verified(head)
      const known = this.#newest
      if (seen !== null && known !== null) await this.#compare(known, seen)
      this.#newest = seen ?? known
      this.#looks += 1
      await pause(EVERY_MS)
    }
  }

  async #compare(known: Checkpoint, seen: Checkpoint): Promise<void> {
    const where = `from ${known.size} to ${seen.size}`
    if (seen.size < known.size) {
      this.complaints.push(`the log was rolled back ${where}`)
      return
    }
    if (known.size === 0) return
    const { size, root } = seen
    const path = await ask(() => this.#client.fetchConsistency(this.#host, known.size, size))
    const old = { oldSize: known.size, oldRoot: known.root }
    if (path === null || !verifyConsistency({ ...old, size, root, path })) {
      this.complaints.push(`the log does not go on ${where}`)
    }
  }

  #verified(head: SignedHead): Checkpoint | null {
    this.#key ??= encodeHex(head.key)
    if (this.#key !== encodeHex(head.key)) this.complaints.push('the log has another key')
    const checkpoint = verifyCheckpoint(head.key as SigningPublicKey, head.checkpoint)
    if (checkpoint === null) this.complaints.push('a checkpoint is not signed')
    return checkpoint
  }
}
