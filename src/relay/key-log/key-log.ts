import { createCheckpoint } from '#crypto/log-checkpoints.ts'
import { SigningKeyPair } from '#crypto/primitives.ts'
import type { KeyProof, LogHeadAnswer } from '#protocol/relay-api.ts'
import { MAX_CHAIN_ENTRIES } from '#protocol/relay-limits.ts'
import { encodeBase64Url } from '#shared/bytes.ts'
import type { StoredChain, KeyLogStorage, LogHead } from '../storage-key-log.ts'

/** A checkpoint is signed anew after this time, so that clients see that it is not an old one. */
const CHECKPOINT_LIFETIME_MS = 10 * 60_000

interface SignedHead {
  readonly head: LogHead
  readonly signedAtMs: number
  readonly answer: LogHeadAnswer
}

/** What the routes say about the relay's log: signed checkpoints, and proofs under them. */
export class KeyLog {
  readonly #storage: KeyLogStorage
  readonly #nowMs: () => number
  readonly #key: SigningKeyPair
  #newest: SignedHead | null = null

  constructor(storage: KeyLogStorage, nowMs: () => number) {
    const key = SigningKeyPair.fromScalar(storage.logKey)
    if (key === null) throw new TypeError('the stored key of the log is not valid')
    this.#storage = storage
    this.#nowMs = nowMs
    this.#key = key
  }

  /** The newest checkpoint. */
  async head(): Promise<LogHeadAnswer> {
    return (await this.#signedHead()).answer
  }

  /** The path from one size to another; `null` where the log has no such sizes. */
  async consistency(oldSize: number, size: number): Promise<string[] | null> {
    const { head } = await this.#signedHead()
    if (oldSize < 1 || oldSize > size || size > head.size) return null
    const path = await this.#storage.logConsistency(oldSize, size)
    return path.map(encodeBase64Url)
  }

  /**
   * What the log says about a name.
   * @param at - the size that is looked at (the newest) and the number of the chain's entries that are known (all but one).
   * @returns `null` where it had no entry then.
   */
  async proof(
    name: string,
    at: { readonly size?: number; readonly after?: number } = {},
  ): Promise<KeyProof | null> {
    const { head, answer } = await this.#signedHead()
    const size = at.size ?? head.size
    if (size < 1 || size > head.size) return null
    const chain = await this.#storage.logChain(name, {
      size,
      treeSize: head.size,
      after: at.after ?? null,
      maxEntries: MAX_CHAIN_ENTRIES,
    })
    return chain && { ...answer, ...chainJson(chain) }
  }

  async #signedHead(): Promise<SignedHead> {
    const head = await this.#storage.logHead()
    const known = this.#newest
    const nowMs = this.#nowMs()
    // Nor one of the future, where the clock was ahead: clients refuse it.
    const isOld = known === null || Math.abs(nowMs - known.signedAtMs) >= CHECKPOINT_LIFETIME_MS
    if (!isOld && known.head.size === head.size) return known
    const checkpoint = createCheckpoint(this.#key, { ...head, signedAtMs: nowMs })
    const answer = {
      key: encodeBase64Url(this.#key.publicKey),
      checkpoint: encodeBase64Url(checkpoint),
    }
    this.#newest = { head, signedAtMs: nowMs, answer }
    return this.#newest
  }
}

function chainJson(chain: StoredChain): Omit<KeyProof, keyof LogHeadAnswer> {
  const { size, leaf, before, deviceList } = chain
  return {
    size,
    leaf: { value: encodeBase64Url(leaf.value), mapRoot: encodeBase64Url(leaf.mapRoot) },
    inclusion: chain.inclusion.map(encodeBase64Url),
    map: chain.map.map(encodeBase64Url),
    before: { count: before.count, value: encodeBase64Url(before.value) },
    entries: chain.entries.map(({ kind, hash }) =>
      kind === 'removed' ? null : encodeBase64Url(hash),
    ),
    deviceList: deviceList && encodeBase64Url(deviceList),
  }
}
